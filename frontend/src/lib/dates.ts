// Dates and numbers in three languages from our own table: Chromium has no Tajik, and CLDR's Tajik order is wrong for
// official use. Intl is used only to move an instant into a zone.

import type { Language } from '../messages/areas';

const months: Record<Language, string[]> = {
  tg: 'январи феврали марти апрели майи июни июли августи сентябри октябри ноябри декабри'.split(' '),
  ru: 'января февраля марта апреля мая июня июля августа сентября октября ноября декабря'.split(' '),
  en: 'January February March April May June July August September October November December'.split(' '),
};

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

export function longDate(language: Language, date: { year: number; month: number; day: number }): string {
  const month = months[language][date.month - 1] ?? '';
  if (language === 'tg') return `${date.day} ${month} соли ${date.year}`;
  return language === 'ru' ? `${date.day} ${month} ${date.year} г.` : `${date.day} ${month} ${date.year}`;
}

export function shortDate(language: Language, date: { month: number; day: number }): string {
  return `${date.day} ${months[language][date.month - 1] ?? ''}`;
}

export const clockTime = (date: { hour: number; minute: number }): string => `${two(date.hour)}:${two(date.minute)}`;

/** A wire date (`2026-11-25`) without passing through any zone. */
export function parseDay(day: string): { year: number; month: number; day: number } {
  const [year = 0, month = 1, date = 1] = day.slice(0, 10).split('-').map(Number);
  return { year, month, day: date };
}

export const isoDay = (date: { year: number; month: number; day: number }): string =>
  `${date.year}-${two(date.month)}-${two(date.day)}`;

/** How many midnights lie between two instants on the wall of `zone`. */
export function daysBetween(earlier: string | number, later: string | number, zone?: string): number {
  const at = (instant: string | number) => {
    const date = civil(instant, zone);
    return Date.UTC(date.year, date.month - 1, date.day);
  };
  return Math.round((at(later) - at(earlier)) / 86_400_000);
}

/** Digits grouped by threes: no-break space in Tajik and Russian, comma in English; at most `decimals` decimals. */
export function number(language: Language, value: number, decimals = 0): string {
  const [whole = '0', rest] = String(Number(Math.abs(value).toFixed(decimals))).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, language === 'en' ? ',' : '\u00a0');
  const sign = value < 0 ? '−' : '';
  return sign + grouped + (rest ? (language === 'en' ? '.' : ',') + rest : '');
}
