// Folding of names for search: Tajik is typed with its own letters, with Russian ones, in Latin, and in the code points
// of legacy fonts. The rule is data/language/fold.json; the server's `domain::language::fold` follows the same.

import replacements from 'virtual:language/fold';
import type { District } from '../wire';

/** Two spellings of one word fold to the same string: composed, lower case, letters and digits only, then the table in its order. */
export const fold = (text: string): string =>
  replacements.reduce((folded, [from, to]) => folded.replaceAll(from, to), text.normalize('NFKC').toLowerCase().replace(/\p{M}|[^\p{Alphabetic}\p{N}]/gu, ''));

/** Whether what was typed is the beginning or a part of one of the names. */
export function matches(typed: string, names: string[]): boolean {
  const wanted = fold(typed);
  return names.some((name) => fold(name).includes(wanted));
}

/** All that people call a district: its names in each language, and what it was called before. */
export const called = ({ names, old_names }: District): string[] => [...Object.values(names), ...(old_names ?? [])];

/** The one district that is called so, else the only one of which it is a part of a name. */
export function theOne(typed: string, districts: District[]): District | undefined {
  const wanted = fold(typed);
  if (!wanted) return undefined;
  const hits = districts.filter((district) => called(district).some((name) => fold(name) === wanted));
  const near = hits.length ? hits : districts.filter((district) => matches(typed, called(district)));
  return near.length === 1 ? near[0] : undefined;
}
