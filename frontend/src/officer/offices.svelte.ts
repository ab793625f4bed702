// The offices of the country by name, asked for once, when somebody first wants one left out.

import { get } from '../lib/api';
import type { Organisation, Page } from '../wire';

const state = $state<{ all: Organisation[] }>({ all: [] });
let asked: Promise<void> | null = null;

export const offices = (): Organisation[] => state.all;
export const officeName = (id: string): string => state.all.find((one) => one.id === id)?.name ?? id;

export function loadOffices(): Promise<void> {
  asked ??= get<Page<Organisation>>('/organisations').then(
    ({ items }) => void (state.all = items),
    (error: unknown) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}
