// What a step that asks for a proof of who one is must be told: by signing in, and by the dialog before something guarded.

import type { Key } from '../lib/i18n.svelte';
import type { Answer, Challenge, Way } from '../wire';

export interface Proving {
  ways: () => Way[];
  /** What the browser is to sign with a passkey: a fresh one each time. */
  challenge: () => Promise<Challenge | null>;
  prove: (answer: Answer) => Promise<void>;
  back: () => void;
  /** What the button says. */
  act: Key;
}
