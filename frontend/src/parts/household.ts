// A household in words: "1 woman · boy, 7 · girl, 1".

import type { Hold, Household } from '../wire';
import { maybe, t } from '../lib/i18n.svelte';

export function householdText(household: Household): string {
  const count = (band: string) => household.adults.filter(({ age_band }) => age_band === band).length;
  const words: string[] = [];
  const [grown, older, young] = [count('18_59'), count('60_plus'), count('under18')];
  if (grown) words.push(t('household.women', { n: grown }));
  if (older) words.push(t('household.older', { n: older }));
  if (young) words.push(t('household.young', { n: young }));
  for (const { age, sex } of household.children ?? []) words.push(t(sex === 'male' ? 'household.boy' : 'household.girl', { age }));
  return words.join(' · ');
}

export const placesText = ({ beds, cots }: { beds: number; cots: number }): string =>
  [t('room.beds', { n: beds }), ...(cots ? [t('room.cots', { n: cots })] : [])].join(' + ');

export const needsText = (needs: string[]): string => needs.map((need) => maybe(`need.${need}`, need)).join(' · ');
export const languagesText = (codes: string[]): string => codes.map((code) => maybe(`spoken.${code}`, code)).join(', ');

/** Why a hold was declined or given back, in words; empty where nothing was said. */
export const reasonText = (hold: Hold): string =>
  hold.reason ? maybe(`${hold.state === 'declined' ? 'decline' : 'release'}.${hold.reason}`, hold.reason) : '';
