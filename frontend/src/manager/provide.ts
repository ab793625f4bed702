// What a day without a line will need, fetched while there is one: the figures of her other shelters, and the catalogue.

import { get } from '../lib/api';
import { keepSheet, read, sheetOf } from '../lib/device';
import { me } from '../lib/session.svelte';
import type { ShelterState } from '../wire';
import { catalogue, known } from './items';

export async function provide(): Promise<void> {
  try {
    if (!read(known)) await catalogue();
    for (const { id } of me()?.shelters ?? []) if (!sheetOf(id)) keepSheet(await get<ShelterState>(`/shelters/${id}/state`));
  } catch {
    // No line now: the next visit tries again.
  }
}
