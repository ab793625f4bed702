// What the manager's pages share: the shelter chosen, its state as the server last said, and the requests to answer.

import type { Hold, Page, ShelterState } from '../wire';
import { get } from '../lib/api';
import { listen } from '../lib/live';
import { me } from '../lib/session.svelte';

const shared = $state<{ chosen: string | null; state: ShelterState | null; holds: Hold[] | null }>({
  chosen: null,
  state: null,
  holds: null,
});

/** The shelter the pages are about: the one picked, else the first of her own. */
export const shelterId = (): string => shared.chosen ?? me()?.shelters[0]?.id ?? '';
export const shelterCode = (): string => me()?.shelters.find(({ id }) => id === shelterId())?.code ?? '';
export function choose(id: string): void {
  shared.chosen = id;
  shared.state = null;
}

export const shelterState = (): ShelterState | null => (shared.state?.shelter.id === shelterId() ? shared.state : null);
export const holds = (): Hold[] | null => shared.holds;

export async function loadState(): Promise<void> {
  const id = shelterId();
  const found = await get<ShelterState>(`/shelters/${id}/state`);
  if (id === shelterId()) shared.state = found;
}
export async function loadHolds(): Promise<void> {
  shared.holds = (await get<Page<Hold>>('/holds', { limit: 50 })).items;
}
export function putHold(hold: Hold): void {
  shared.holds = (shared.holds ?? []).map((old) => (old.id === hold.id ? hold : old));
}

const quietly = (work: Promise<void>) => void work.catch(() => undefined);

/** Follows the server's news while the manager's pages are open. */
export function follow(): () => void {
  quietly(loadHolds());
  return listen({
    hold: () => {
      quietly(loadHolds());
      if (shared.state) quietly(loadState());
    },
  });
}
