// Closed months in words, and numbers of people as the server lets them be said.

import { maybe, num, t } from '../lib/i18n.svelte';
import { interval } from '../lib/figures';
import type { People } from '../wire';

/** "October 2026", of `2026-10` or of any day in it. */
export const monthName = (wire: string): string => maybe(`month.of_${wire.slice(5, 7)}`, wire, { year: wire.slice(0, 4) });

/** "August 2026–October 2026", or one month by itself; `from` and `to` are its first and last day. */
export function months(from: string, to: string): string {
  const [first, last] = [monthName(from), monthName(to)];
  return first === last ? first : interval(`${first} `, ` ${last}`);
}

/** A number, or what stands for one that may not be told: `<5`, `…`. */
export const told = (people: People): string => (typeof people === 'number' ? num(people) : people);
/** The same for a screen reader, to whom signs say nothing. */
export const toldAloud = (people: People): string => (typeof people === 'number' ? num(people) : people === '…' ? t('ledger.withheld') : t('ledger.below'));
