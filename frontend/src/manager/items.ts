// The country's catalogue of supplies. The phone remembers it, so that supplies have their names without a line.

import { all } from '../lib/api';
import { read, write } from '../lib/device';
import type { Item } from '../wire';

type Named = Pick<Item, 'code' | 'names' | 'unit'>;
/** Where the phone keeps it. */
export const known = 'items';

export async function catalogue(): Promise<Named[]> {
  try {
    const items = (await all<Item>('/items')).map(({ code, names, unit }) => ({ code, names, unit }));
    write(known, items);
    return items;
  } catch (error) {
    const items = read<Named[]>(known);
    if (items) return items;
    throw error;
  }
}
