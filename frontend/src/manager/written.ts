// The report being written survives a reload: a new version of the page, or a thumb on the wrong button. It lies in this
// tab only, and signing out wipes it.

import type { RoomDraft } from './draft';

export interface Written {
  rooms: Record<string, RoomDraft>;
  stock: Record<string, number>;
  counted: boolean;
  note: string;
  operating: boolean | null;
}

const name = (account: string, shelter: string) => `draft:${account}:${shelter}`;

export function readDraft(account: string | undefined, shelter: string): Written {
  const empty: Written = { rooms: {}, stock: {}, counted: false, note: '', operating: null };
  try {
    return account ? { ...empty, ...(JSON.parse(sessionStorage.getItem(name(account, shelter)) ?? '{}') as Written) } : empty;
  } catch {
    return empty;
  }
}

export function writeDraft(account: string | undefined, shelter: string, draft: Written | null): void {
  if (!account) return;
  try {
    if (draft) sessionStorage.setItem(name(account, shelter), JSON.stringify(draft));
    else sessionStorage.removeItem(name(account, shelter));
  } catch {
    // Storage refused: the draft lasts as long as the page.
  }
}
