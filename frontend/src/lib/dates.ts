// Dates in the words of our own table: Chromium has no Tajik, and CLDR's Tajik order is wrong for official use.
// Intl is used only to move an instant into a zone.

import { fill, type Table } from './language';

export interface Civil {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The clock on the wall of `zone` (undefined: of this device) at an instant. */
export function civil(instant: string | number | Date, zone?: string): Civil {
  const key = zone ?? '';
  let format = formatters.get(key);
  if (!format) {
    const shape = { year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    format = new Intl.DateTimeFormat('en-GB', zone ? { ...shape, timeZone: zone } : shape);
    formatters.set(key, format);
  }
  const part = Object.fromEntries(format.formatToParts(new Date(instant)).map(({ type, value }) => [type, Number(value)]));
  return { year: part.year ?? 0, month: part.month ?? 1, day: part.day ?? 1, hour: part.hour ?? 0, minute: part.minute ?? 0 };
}

const two = (n: number) => String(n).padStart(2, '0');

/** "22 ноябри соли 2026". */
export const longDate = (table: Table, { year, month, day }: { year: number; month: number; day: number }): string =>
  fill(table.date, { day, month: table.months[month - 1] ?? '', year });

/** "22 ноябр": a date without its year. */
export const shortDate = (table: Table, { month, day }: { month: number; day: number }): string =>
  fill(table.day, { day, month: (table.months_alone ?? table.months)[month - 1] ?? '' });

/** "08:30". */
export const clockTime = (table: Table, { hour, minute }: { hour: number; minute: number }): string =>
  fill(table.time, { hour: two(hour), minute: two(minute) });

/** A wire date (`2026-11-25`) without passing through any zone. */
export function parseDay(day: string): { year: number; month: number; day: number } {
  const [year = 0, month = 1, date = 1] = day.slice(0, 10).split('-').map(Number);
  return { year, month, day: date };
}

export const isoDay = (date: { year: number; month: number; day: number }): string =>
  `${date.year}-${two(date.month)}-${two(date.day)}`;

/** A wire date moved by whole days. */
export const addDays = (day: string, n: number): string => new Date(Date.parse(`${day}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10);

/** How many midnights lie between two instants on the wall of `zone`. */
export function daysBetween(earlier: string | number, later: string | number, zone?: string): number {
  const at = (instant: string | number) => {
    const date = civil(instant, zone);
    return Date.UTC(date.year, date.month - 1, date.day);
  };
  return Math.round((at(later) - at(earlier)) / 86_400_000);
}
