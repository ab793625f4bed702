// Supplies in words: which item, how much of it with its unit, how long it lasts.

import { parseDay, shortDate } from '../lib/dates';
import { maybe, named, num, t, table } from '../lib/i18n.svelte';
import type { Item, StockStatus } from '../wire';

/** The catalogue by code. Of an item it needs its names and its unit only. */
export type Known = ReadonlyMap<string, Pick<Item, 'names' | 'unit'>>;
export const byCode = <T extends { code: string }>(items: readonly T[]): Map<string, T> => new Map(items.map((item) => [item.code, item]));

/** How each status looks. */
export const kinds: Record<StockStatus, 'free' | 'few' | 'full' | 'silent'> = {
  critical: 'full', low: 'few', ok: 'free', surplus: 'free', unknown: 'silent',
};

export const itemName = (items: Known, code: string): string => named(items.get(code)?.names, code);
/** "12 kg", "3 pieces". */
export const amount = (items: Known, code: string, n: number): string => maybe(`amount.${items.get(code)?.unit}`, num(n), { n });
/** "27 November". */
export const shortDay = (wire: string): string => shortDate(table(), parseDay(wire));

export interface Lasting {
  on_hand: number;
  days_of_cover?: number | null;
  days_low?: number | null;
  days_high?: number | null;
  runs_out_on?: string | null;
}
/** "3–5 days", or "4 days" where no more is known. */
export function lasts({ on_hand, days_of_cover: days, days_low: low, days_high: high }: Lasting): string {
  if (days == null || on_hand <= 0) return '';
  const [from, n] = [Math.floor(low ?? days), Math.floor(high ?? days)];
  return from < n ? t('supply.between', { from, n }) : t('stock.days', { n: Math.floor(days) });
}
/** "runs out on 27 November". */
export const runsOut = ({ on_hand, runs_out_on }: Lasting): string =>
  on_hand <= 0 ? t('supply.gone') : runs_out_on ? t('supply.runs_out', { day: shortDay(runs_out_on) }) : '';

/** "1,250.50 somoni", of hundredths. */
export function money(minor: number, currency: string | null | undefined): string {
  const [whole, rest] = [Math.trunc(Math.abs(minor) / 100), Math.abs(minor) % 100];
  const sum = `${minor < 0 ? table().minus : ''}${num(whole)}${rest ? table().decimal + String(rest).padStart(2, '0') : ''}`;
  return maybe(`money.${currency?.toLowerCase()}`, [sum, currency].filter(Boolean).join(' '), { sum });
}
