// How a region is drawn: one of four looks by what the server counted. Only for the eye; no rule lives here.

import type { Totals } from '../wire';

export type Look = 'free' | 'few' | 'full' | 'silent';

/** As in the letters: up to so many family places are few. */
const fewFamilyPlaces = 2;

/** Nobody heard from: silent; nothing free: full; hardly a place for a family: few. The letters say the same words. */
export function lookOf({ shelters, free, family_places }: Totals): Look {
  if (shelters.silent === shelters.total) return 'silent';
  if (free === 0) return 'full';
  return family_places <= fewFamilyPlaces ? 'few' : 'free';
}
