// The household being placed. It lives in memory only: nothing of it stays on the device, and the districts to avoid
// never reach the server's store either.

import type { Child, Geography, Household, Need, ReferralBody, Relaxation, Suggestion, Suggestions, Urgency } from '../wire';
import { newKey, post } from '../lib/api';
import { named } from '../lib/i18n.svelte';

export interface Search {
  grown: number;
  older: number;
  young: number;
  children: (Child & { key: number })[];
  needs: Need[];
  languages: string[];
  from: string;
  avoid: string[];
  urgency: Urgency;
  earliest: string;
  apart: boolean;
}

const fresh = (): Search => ({
  grown: 1, older: 0, young: 0, children: [], needs: [], languages: [], from: '', avoid: [], urgency: 'now', earliest: '', apart: false,
});

export const search = $state<Search>(fresh());
export const found = $state<{ answer: Suggestions | null; chosen: Suggestion | null; referral: string | null }>({
  answer: null,
  chosen: null,
  referral: null,
});
/** One key per attempt to store this referral: a repeat after a lost answer makes no second one. */
export const attempt = { key: newKey() };
/** Districts to avoid by referral, for the next search of the same household. */
export const avoided = new Map<string, string[]>();

export function startAgain(): void {
  Object.assign(search, fresh());
  [found.answer, found.chosen, found.referral] = [null, null, null];
  attempt.key = newKey();
}

export function household(): Household {
  const many = (n: number, age_band: '18_59' | '60_plus' | 'under18') => Array.from({ length: n }, () => ({ age_band }));
  return {
    adults: [...many(search.grown, '18_59'), ...many(search.older, '60_plus'), ...many(search.young, 'under18')],
    children: search.children.map(({ age, sex }) => ({ age, sex })),
  };
}

export const body = (): ReferralBody => ({
  household: household(),
  needs: [...search.needs],
  languages: [...search.languages],
  from_district: search.from,
  avoid_districts: [...search.avoid],
  urgency: search.urgency,
  earliest_date: search.urgency === 'now' || search.urgency === 'today' ? null : search.earliest || null,
  rooms_apart_ok: search.apart,
});

export async function look(): Promise<void> {
  found.answer = await post<Suggestions>('/suggestions', { ...body(), limit: 10 });
  found.chosen = null;
}

/** Loosens the search as proposed; false where only the shelter itself could. */
export function relax(relaxation: Relaxation): boolean {
  if (relaxation.code === 'two_rooms') search.apart = true;
  else if (relaxation.code === 'without_need') search.needs = search.needs.filter((need) => need !== relaxation.need);
  else if (relaxation.code === 'from_date') [search.urgency, search.earliest] = ['planned', relaxation.date];
  else return false;
  return true;
}

export function districtName(places: Geography, code: string): string {
  return named(places.districts.find((district) => district.code === code)?.names, code);
}
export function regionName(places: Geography, code: string): string {
  return named(places.regions.find((region) => region.code === code)?.names, code);
}
