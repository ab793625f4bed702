// What the manager's pages share: the shelter chosen, its state as the server last said or as the phone remembers it,
// and the requests to answer.

import type { Hold, Page, ShelterState } from '../wire';
import { asApiError, get, type ApiError } from '../lib/api';
import { keepSheet, sheetOf } from '../lib/device';
import { asked as askedBefore, me } from '../lib/session.svelte';

/** How long the server may take before the figures of the phone are shown. */
const patience = 1000;
let chosen = $state.raw<string | null>(null);
let state = $state.raw<ShelterState | null>(null);
let old = $state.raw(false);
let problem = $state.raw<ApiError | null>(null);
let asked = $state.raw<Hold[] | null>(null);

let settle: () => void;
/** When the report's figures are there or will not be soon: what can wait must not stand in their way on a slow line. */
export const calm = new Promise<void>((done) => setTimeout((settle = done), 5000));

/** The shelter the pages are about: the one picked, else the first of her own. */
export const shelterId = (): string => chosen ?? me()?.shelters[0]?.id ?? '';
export const shelterCode = (): string => me()?.shelters.find(({ id }) => id === shelterId())?.code ?? '';
export function choose(id: string): void {
  [chosen, state, problem] = [id, null, null];
}

export const shelterState = (): ShelterState | null => (state?.shelter.id === shelterId() ? state : null);
/** Whether these are the figures of the phone, not yet the server's. */
export const fromPhone = (): boolean => old;
/** Why the server's figures are not here. */
export const stateProblem = (): ApiError | null => problem;
export const holds = (): Hold[] | null => asked;

/** Shows what the phone remembers of this shelter, unless the server's figures are there. */
function showSheet(id: string): void {
  const sheet = state?.shelter.id === id ? null : sheetOf(id);
  if (!sheet || id !== shelterId()) return;
  [state, old] = [{ ...sheet, shelter: { id, code: shelterCode(), name: '', district: '', region: '' }, holds: [], reported_by: null }, true];
}

export async function loadState(): Promise<void> {
  const id = shelterId();
  // Opened from the phone already: then its figures are what there is.
  const early = setTimeout(() => showSheet(id), me()?.name ? patience : 0);
  try {
    const begun = await askedBefore();
    const found = begun?.shelter.id === id ? begun : await get<ShelterState>(`/shelters/${id}/state`);
    if (id === shelterId()) [state, old, problem] = [found, false, null];
    keepSheet(found);
  } catch (error) {
    if (id === shelterId()) {
      problem = asApiError(error);
      if (problem.status === 0 || problem.status >= 500) showSheet(id);
    }
    throw error;
  } finally {
    clearTimeout(early);
    settle();
  }
}
export async function loadHolds(): Promise<void> {
  asked = (await get<Page<Hold>>('/holds', { limit: 50 })).items;
}
export function putHold(hold: Hold): void {
  asked = (asked ?? []).map((before) => (before.id === hold.id ? hold : before));
}

const quietly = (work: Promise<void>) => void work.catch(() => undefined);

/** Follows the server's news while the manager's pages are open. */
export function follow(): () => void {
  const again = () => {
    quietly(loadHolds());
    if (state && !document.hidden) quietly(loadState());
  };
  addEventListener('online', again);
  // News comes over a line of its own, opened once the page is usable.
  let stop: (() => void) | undefined = () => undefined;
  const live = calm.then(() => {
    // What nobody took is old by the time somebody would.
    void askedBefore();
    quietly(loadHolds());
    return import('../lib/live');
  });
  void live.then(({ listen }) => stop && (stop = listen({ hold: again })), () => undefined);
  return () => {
    removeEventListener('online', again);
    stop?.();
    stop = undefined;
  };
}
