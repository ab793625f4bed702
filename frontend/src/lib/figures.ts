// Shares, spans and lists in the reader's language, and the order of names: what the daily report does without.

import rows from 'virtual:language/lists';
import type { Names } from '../wire';
import { lang, named, num } from './i18n.svelte';
import { fill } from './language';
import { compare } from './order';

/** "45 %", of hundredths already rounded. */
export const percent = (n: number): string => fill(rows[lang()].percent, { n: num(n, 2) });
/** "8–12". */
export const interval = (from: string, to: string): string => fill(rows[lang()].interval, { from, to });

/** "a, b and c". */
export function list(parts: string[]): string {
  const { comma, and } = rows[lang()];
  return parts.length > 1 ? parts.slice(0, -1).join(comma) + and + parts.at(-1) : (parts[0] ?? '');
}

/** In the order of the reader's alphabet. */
export const byName = <T>(items: readonly T[], name: (item: T) => string): T[] =>
  [...items].sort((a, b) => compare(rows[lang()].alphabet, name(a), name(b)));

export const placesByName = <T extends { code: string; names: Names }>(places: readonly T[]): T[] => byName(places, ({ names, code }) => named(names, code));
