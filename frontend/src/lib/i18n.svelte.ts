// Words on the screen. One file per language; only the part an area needs is loaded (see messages/areas.ts).

import type en from '../messages/en.json';
import { languages, type Area, type Language } from '../messages/areas';
import { setApiLanguage, serverNow } from './api';
import { civil, clockTime, daysBetween, isoDay, longDate, parseDay, shortDate } from './dates';
import * as language from './language';

type Plain<K> = K extends `${infer Base}#${string}` ? Base : K;
export type Key = Plain<keyof typeof en>;
type Params = Record<string, string | number>;
/** `table` comes with the base messages. */
type Part = () => Promise<{ default: Record<string, string>; table?: language.Table }>;

/** The areas that a page brings when it opens, and those that are loaded with a role. */
export type Late = 'requests' | 'stock' | 'glossary' | 'door' | 'safety';
const parts: Record<Language, Record<Exclude<Area, Late>, Part> & Partial<Record<Late, Part>>> = {
  tg: {
    base: () => import('virtual:messages/tg/base'),
    manager: () => import('virtual:messages/tg/manager'),
    officer: () => import('virtual:messages/tg/officer'),
    committee: () => import('virtual:messages/tg/committee'),
    admin: () => import('virtual:messages/tg/admin'),
  },
  ru: {
    base: () => import('virtual:messages/ru/base'),
    manager: () => import('virtual:messages/ru/manager'),
    officer: () => import('virtual:messages/ru/officer'),
    committee: () => import('virtual:messages/ru/committee'),
    admin: () => import('virtual:messages/ru/admin'),
  },
  en: {
    base: () => import('virtual:messages/en/base'),
    manager: () => import('virtual:messages/en/manager'),
    officer: () => import('virtual:messages/en/officer'),
    committee: () => import('virtual:messages/en/committee'),
    admin: () => import('virtual:messages/en/admin'),
  },
};

const remembered = 'language';

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

const words = $state<{ language: Language; table: language.Table; messages: Record<string, string>; zone: string | undefined }>({
  language: 'tg',
  // Nothing is printed before the first language has come.
  table: {} as language.Table,
  messages: {},
  zone: read('zone') ?? undefined,
});
const wanted = new Set<Area>(['base']);

export const isLanguage = (code: unknown): code is Language => languages.includes(code as Language);

/** The language chosen here before, else the first of the browser's that we have, else the first of ours. */
export function firstLanguage(): Language {
  const stored = read(remembered);
  if (isLanguage(stored)) return stored;
  return navigator.languages.map((code) => code.slice(0, 2)).find(isLanguage) ?? languages[0];
}

const load = (language: Language, areas: Iterable<Area>) => Promise.all(Array.from(areas, (area) => parts[language][area]!()));

export async function setLanguage(language: Language): Promise<void> {
  let loaded: Awaited<ReturnType<typeof load>> = [];
  // A page that opens meanwhile may want more.
  for (let asked = -1; asked !== wanted.size; ) {
    asked = wanted.size;
    loaded = await load(language, wanted);
  }
  words.messages = Object.assign({}, ...loaded.map((part) => part.default)) as Record<string, string>;
  words.table = loaded.find((part) => part.table)?.table ?? words.table;
  words.language = language;
  setApiLanguage(language);
  document.documentElement.lang = language;
  try {
    localStorage.setItem(remembered, language);
  } catch {
    // Private windows may refuse storage: the choice then lasts as long as the page.
  }
}

/** The words of an area; `from`: where those of a late area are. */
export async function addArea(area: Area, from?: Record<Language, Part>): Promise<void> {
  for (const language of languages) if (from) parts[language][area] = from[language];
  wanted.add(area);
  const { language } = words;
  const [part] = await load(language, [area]);
  // Another language chosen meanwhile came with this area; words of two languages never mix.
  if (language === words.language) words.messages = { ...words.messages, ...part?.default };
}

/** The country's zone is remembered: a phone elsewhere shows the right hours at once on its next visit. */
export function setZone(zone: string): void {
  words.zone = zone;
  try {
    localStorage.setItem('zone', zone);
  } catch {
    // Asked for again next time.
  }
}

export const lang = (): Language => words.language;
export const zone = (): string | undefined => words.zone;

function find(key: string, params?: Params): string | undefined {
  const n = params?.n;
  const counted = typeof n === 'number' ? words.messages[`${key}#${language.pluralForm(words.table, n)}`] : undefined;
  return counted ?? words.messages[key] ?? words.messages[`${key}#other`];
}

const fill = (text: string, params: Params = {}): string => language.fill(text, params, (n) => num(n, 1));

/** The message for a key; `params.n` chooses the plural form. */
export const t = (key: Key, params?: Params): string => fill(find(key, params) ?? key, params);

/** The message for a code that another version of the server may not share with us, or the fallback. */
export const maybe = (key: string, fallback: string, params?: Params): string => {
  const text = find(key, params);
  return text === undefined ? fallback : fill(text, params);
};

export const table = (): language.Table => words.table;
export const num = (value: number, decimals = 0): string => language.number(words.table, value, decimals);
export const time = (instant: string | number): string => clockTime(words.table, civil(instant, words.zone));
export const date = (instant: string | number): string => longDate(words.table, civil(instant, words.zone));
export const day = (wire: string): string => longDate(words.table, parseDay(wire));
export const today = (): string => isoDay(civil(serverNow(), words.zone));
/** A name in the reader's language. */
export const named = (names: Partial<Record<Language, string>> | undefined, fallback: string): string =>
  names?.[words.language] ?? names?.en ?? fallback;

/** "today, 08:12", "yesterday, 17:40", "19 November, 08:12". */
export function moment(instant: string | number): string {
  const days = daysBetween(instant, serverNow(), words.zone);
  const clock = time(instant);
  if (days === 0) return t('when.today', { time: clock });
  if (days === 1) return t('when.yesterday', { time: clock });
  return t('when.day', { day: shortDate(words.table, civil(instant, words.zone)), time: clock });
}

/** "40 minutes ago" in words. */
export function ago(instant: string | number, now: number): string {
  const minutes = Math.max(0, Math.floor((now - new Date(instant).getTime()) / 60_000));
  if (minutes < 1) return t('ago.now');
  if (minutes < 60) return t('ago.minutes', { n: minutes });
  if (minutes < 48 * 60) return t('ago.hours', { n: Math.floor(minutes / 60) });
  return t('ago.days', { n: Math.floor(minutes / 1440) });
}

/** "1 h 20 min" for travel and waiting. */
export function lasting(minutes: number): string {
  const whole = Math.max(1, Math.round(minutes));
  if (whole < 60) return t('span.minutes', { m: whole });
  const h = Math.floor(whole / 60);
  const m = whole % 60;
  return m === 0 || h >= 5 ? t('span.hours', { h: h + (h >= 5 && m >= 30 ? 1 : 0) }) : t('span.both', { h, m });
}
