// What the server offered instead when a place was lost, until the referral's own page has shown it.
import type { Suggestion } from '../wire';
export const next = new Map<string, { lost: string; suggestions: Suggestion[] }>();
