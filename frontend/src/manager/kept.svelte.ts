// What the pages know of the queue: what waits, what is on its way, what was received. The queue itself is fetched after
// the first paint; a save waits for it.

import type { Handle, Picture } from '../queue/index';
import type { Waiting } from '../queue/entry';
import type { ReportAnswer, ReportBody } from '../wire';
import { account, askAgain, mayAsk } from '../lib/session.svelte';
import { loadState, shelterId, shelterState } from './here.svelte';

let picture = $state.raw<Picture>({ mine: [], others: 0, sending: null, lasting: true, lost: 0 });
/** Received a moment ago, while the server's own figures are on their way. */
let landed = $state.raw<Waiting[]>([]);
let receipts = $state.raw<Record<string, ReportAnswer>>({});
let handle: Promise<Handle> | null = null;

/** Opens the queue; where its code cannot be fetched the next call tries again. */
export function queue(): Promise<Handle> {
  handle ??= import('../queue/index').then(({ open }) => open({ account, show: (next) => (picture = next), received, signInAgain: askAgain }));
  handle.catch(() => (handle = null));
  return handle;
}

function received(entry: Waiting, receipt: ReportAnswer): void {
  receipts = { ...receipts, [entry.shelter]: receipt };
  // A late report is history: the figures stay those of the newer one.
  if (receipt.applied) landed = [...landed.filter(({ shelter }) => shelter !== entry.shelter), { ...entry, receipt }];
  if (entry.shelter === shelterId()) void loadState().catch(() => undefined);
}

export const all = (): Picture => picture;
/** What waits of this shelter, oldest first. */
export const here = (state: Waiting['state']): Waiting[] => picture.mine.filter((entry) => entry.shelter === shelterId() && entry.state === state);
/** Her newest report of this shelter, unless the figures of the server show it, or a newer one. */
export function newest(): Waiting | undefined {
  const last = [...landed.filter(({ shelter }) => shelter === shelterId()), ...here('kept')].at(-1);
  const state = shelterState();
  // Once received, the server's clock alone says whether its figures are newer: this phone's may be a little ahead.
  const [shown, hers] = last?.receipt ? [state?.as_of, last.receipt.received_at] : [state?.observed_at, last?.body.observed_at];
  return hers && !(shown && Date.parse(shown) >= Date.parse(hers)) ? last : undefined;
}
export const sending = (): boolean => picture.mine.some(({ key, shelter }) => key === picture.sending && shelter === shelterId());
export const receipt = (): ReportAnswer | undefined => receipts[shelterId()];

/** By how much the server's clock may tremble, as this phone learns it from answers that a bad line delays. */
const trembling = 60_000;
let last = 0;
/** What was saved later is later, though the clock was set back a little in between. */
function inOrder(body: ReportBody): ReportBody {
  const at = Date.parse(body.observed_at);
  last = last >= at && last - at < trembling ? last + 1 : at;
  return { ...body, observed_at: new Date(last).toISOString() };
}

/** Keeps a report of this shelter; it is safe once this resolves. */
export async function save(key: string, body: ReportBody): Promise<void> {
  mayAsk();
  const [shelter, owner] = [shelterId(), account()];
  if (!owner) return location.reload();
  const { [shelter]: _old, ...rest } = receipts;
  const after = here('kept').at(-1)?.key ?? null;
  await (await queue()).save(key, owner, shelter, inOrder(body), after);
  receipts = rest;
}
export const dismiss = async (key: string): Promise<void> => (await queue()).dismiss(key);
export function hurry(): void {
  mayAsk();
  void queue().then((open) => open.hurry(), () => undefined);
}
