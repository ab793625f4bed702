// The household being placed. It lives in memory only: nothing of it stays on the device, and the districts to avoid
// never reach the server's store either.

import type { Child, Geography, HoldBody, Household, Need, Referral, ReferralBody, Relaxation, Suggestion, Suggestions, Urgency } from '../wire';
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
  /** Offices that are to know nothing of the case. */
  exclude: string[];
  urgency: Urgency;
  earliest: string;
  apart: boolean;
}
/** What the check page is about to ask for: the shelters by name, and the body that asks them. */
export interface Ask {
  body: HoldBody;
  codes: string[];
  /** The place in full, where one is asked that fits now. */
  place?: Suggestion;
}

const fresh = (): Search => ({
  grown: 1, older: 0, young: 0, children: [], needs: [], languages: [], from: '', avoid: [], exclude: [], urgency: 'now', earliest: '', apart: false,
});

export const search = $state<Search>(fresh());
export const found = $state<{ answer: Suggestions | null; ask: Ask | null; referral: string | null }>({
  answer: null,
  ask: null,
  referral: null,
});
/** One key per attempt to store this referral: a repeat after a lost answer makes no second one. */
export const attempt = { key: newKey() };
/** Districts to avoid by referral, for the next search of the same household. */
export const avoided = new Map<string, string[]>();

/** The body that asks, with the districts to avoid: nobody there is asked, now or when the next is asked by itself. */
export function asking(referral: string, body: HoldBody): HoldBody & { avoid_districts?: string[] } {
  const avoid = avoided.get(referral) ?? [];
  return avoid.length ? { ...body, avoid_districts: avoid } : body;
}

export function startAgain(): void {
  Object.assign(search, fresh());
  [found.answer, found.ask, found.referral] = [null, null, null];
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
  exclude_organisations: [...search.exclude],
  urgency: search.urgency,
  earliest_date: search.urgency === 'now' || search.urgency === 'today' ? null : search.earliest || null,
  rooms_apart_ok: search.apart,
});

export async function look(): Promise<void> {
  // What was asked may have changed: a referral stored for an earlier attempt is not this household's any more.
  if (found.referral) [found.referral, attempt.key] = [null, newKey()];
  found.answer = await post<Suggestions>('/suggestions', { ...body(), limit: 10 });
  found.ask = null;
}

/** Opens the referral that is being placed, once, and says which it is. */
export async function openReferral(): Promise<string> {
  if (!found.referral) {
    found.referral = (await post<Referral>('/referrals', body(), attempt.key)).id;
    avoided.set(found.referral, [...search.avoid]);
  }
  return found.referral;
}

/** Loosens the search as proposed; false where only the shelter itself could. */
export function relax(relaxation: Relaxation): boolean {
  if (relaxation.code === 'two_rooms') search.apart = true;
  else if (relaxation.code === 'without_need') search.needs = search.needs.filter((need) => need !== relaxation.need);
  else if (relaxation.code === 'wider_area') search.avoid = search.avoid.filter((code) => !relaxation.districts.includes(code));
  else return false;
  return true;
}

/** The same household again, as the referral has it: to search with something changed, nothing typed twice. */
export function searchLike(referral: Referral): void {
  startAgain();
  const count = (band: string) => referral.household.adults.filter(({ age_band }) => age_band === band).length;
  Object.assign(search, {
    grown: count('18_59'),
    older: count('60_plus'),
    young: count('under18'),
    children: (referral.household.children ?? []).map((child, key) => ({ ...child, key: -1 - key })),
    needs: [...referral.needs],
    languages: [...referral.languages],
    from: referral.from_district,
    avoid: [...(avoided.get(referral.id) ?? [])],
    exclude: [...referral.exclude_organisations],
    urgency: referral.urgency,
    earliest: referral.earliest_date ?? '',
    apart: referral.rooms_apart_ok,
  } satisfies Search);
}

export function districtName(places: Geography, code: string): string {
  return named(places.districts.find((district) => district.code === code)?.names, code);
}
export function regionName(places: Geography, code: string): string {
  return named(places.regions.find((region) => region.code === code)?.names, code);
}
