// How many decisions wait for this administrator: counted for the menu, and again by the page on which they are made.

import { get } from '../lib/api';
import type { Approval, Page } from '../wire';

const state = $state({ n: 0 });

export const waiting = (): number => state.n;

/** All that was asked for lately, newest first. */
export async function approvals(): Promise<Approval[]> {
  const { items } = await get<Page<Approval>>('/approvals');
  state.n = items.filter(({ may_decide }) => may_decide).length;
  return items;
}
