// Whether a hold still counts, by the server's clock, and how its state looks.

import type { Hold } from '../wire';

/** Whether a hold still claims its places at this instant: the deadline ends it, whatever was stored. */
export const isActive = (hold: Hold, now: number): boolean =>
  (hold.state === 'asked' || hold.state === 'accepted') && Date.parse(hold.expires_at) > now;

/** The state to show: a hold past its deadline has expired even before anybody wrote it down. */
export const shownState = (hold: Hold, now: number): Hold['state'] =>
  (hold.state === 'asked' || hold.state === 'accepted') && Date.parse(hold.expires_at) <= now ? 'expired' : hold.state;

export const stateKind = (state: Hold['state']): 'free' | 'few' | 'full' | 'silent' =>
  state === 'accepted' || state === 'arrived' ? 'free' : state === 'asked' ? 'few' : state === 'declined' ? 'full' : 'silent';
