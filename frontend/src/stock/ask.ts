// What a request for supplies begins with; she may change all of it before it is sent.

import { addDays } from '../lib/dates';
import type { Stock } from '../wire';

/** For so many days a request asks, where the use is known. */
const days = 14;

/** Whole packs that last two weeks with what is there and on its way; one pack at least. */
export function packsWanted({ on_hand, coming, daily_use }: Pick<Stock, 'on_hand' | 'coming' | 'daily_use'>, packSize: number): number {
  const missing = (daily_use ?? 0) * days - on_hand - coming;
  return Math.max(1, Math.ceil(missing / Math.max(1, packSize)));
}

/** When it runs out, at the soonest tomorrow; in a week where that is not known. */
export function neededBy(runsOutOn: string | null | undefined, today: string): string {
  const tomorrow = addDays(today, 1);
  if (!runsOutOn) return addDays(today, 7);
  return runsOutOn > tomorrow ? runsOutOn : tomorrow;
}
