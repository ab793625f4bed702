// What this phone remembers, so that the app opens without a line: who was here, by number only, and a sheet of figures
// for each of her shelters. No name, no e-mail, no hold, no household, no note. Signing out wipes it at once, which is
// why it lies here and not in a database: what is wiped here is gone before the page is.

import type { Me, ShelterState } from '../wire';

/** Who was here last. `ahead`: the server's clock against this phone's, in milliseconds. */
export type Who = Pick<Me, 'id' | 'role' | 'shelters'> & { ahead: number };
/** A shelter's figures as the server last said them, without anybody's name. */
export type Sheet = Omit<ShelterState, 'shelter' | 'holds' | 'reported_by'>;

export function read<T>(key: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as T | null;
  } catch {
    return null;
  }
}

export function write(key: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage refused or full: nothing is lost but the start without a line.
  }
}

export const who = (): Who | null => read<Who>('who');
export const sheetOf = (shelter: string): Sheet | null => read<Sheet>(`sheet:${shelter}`);

export function keepSheet({ shelter, holds: _holds, reported_by: _by, ...rest }: ShelterState): void {
  if (who()?.shelters.some(({ id }) => id === shelter.id)) write(`sheet:${shelter.id}`, rest);
}

/** Wipes who was here, her figures and her drafts; the queue stays. */
export function forget(): void {
  try {
    sessionStorage.clear();
    for (const key of Object.keys(localStorage)) if (/^(who$|sheet:)/.test(key)) localStorage.removeItem(key);
  } catch {
    // Nothing was stored either.
  }
}
