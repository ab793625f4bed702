// What the browser prints for each case of data/language/golden.json. Node asks it in language.test.ts, Chromium in
// tests/e2e/specs/language.test.js: the same code, and the same answers as the server's.

import { languages, type Language } from '../messages/areas';
import { civil, clockTime, longDate, parseDay, shortDate } from './dates';
import { byName, interval, list, percent } from './figures';
import { fold } from './fold';
import { ago, lang, moment, setLanguage, setZone, table } from './i18n.svelte';
import { number, pluralForm } from './language';

type Case<T> = { of: T } & Record<Language, string>;

export interface Golden {
  date: Case<string>[];
  day: Case<string>[];
  time: Case<string>[];
  instant: Case<{ at: string; zone: string }>[];
  number: Case<number>[];
  tenths: Case<number>[];
  percent: Case<number>[];
  interval: Case<[string, string]>[];
  list: Case<string[]>[];
  plural: Record<Language, Record<string, number[]>>;
  order: Record<Language, string[]>;
  fold: [typed: string, folded: string][];
  fold_letters: string[];
  /** `now` is what the clock must say meanwhile. */
  relative: { now: string; zone: string; moment: Case<string>[]; ago: Case<number>[] };
}

/** Every case that is not printed as wanted, and how many were looked at. */
export async function compareAll(golden: Golden): Promise<{ looked: number; wrong: string[] }> {
  const wrong: string[] = [];
  let looked = 0;
  const look = (what: string, said: unknown, wanted: unknown) => {
    looked += 1;
    if (said !== wanted) wrong.push(`${what}: ${JSON.stringify(said)}, wanted ${JSON.stringify(wanted)}`);
  };
  for (const language of languages) {
    await setLanguage(language);
    look('language', lang(), language);
    oneLanguage(golden, language, look);
  }
  for (const [typed, folded] of golden.fold) look(`fold ${typed}`, fold(typed), folded);
  for (const pair of golden.fold_letters.flatMap((line) => line.split(' '))) {
    const [code = '', folded] = pair.split('=');
    look(`fold U+${code}`, fold(String.fromCodePoint(parseInt(code, 16))), folded);
  }
  return { looked, wrong };
}

function oneLanguage(golden: Golden, language: Language, look: (what: string, said: unknown, wanted: unknown) => void) {
  const words = table();
  const each = <T>(what: string, cases: Case<T>[], print: (of: T) => string) =>
    cases.forEach((one) => look(`${what} ${language} ${JSON.stringify(one.of)}`, print(one.of), one[language]));
  const clock = (wire: string) => {
    const [hour = 0, minute = 0] = wire.split(':').map(Number);
    return { hour, minute };
  };
  each('date', golden.date, (wire) => longDate(words, parseDay(wire)));
  each('day', golden.day, (wire) => shortDate(words, parseDay(wire)));
  each('time', golden.time, (wire) => clockTime(words, clock(wire)));
  each('instant', golden.instant, ({ at, zone }) => {
    const local = civil(at, zone);
    return `${longDate(words, local)}, ${clockTime(words, local)}`;
  });
  each('number', golden.number, (n) => number(words, n));
  each('tenths', golden.tenths, (n) => number(words, n / 10, 1));
  each('percent', golden.percent, (n) => percent(n));
  each('interval', golden.interval, ([from, to]) => interval(from, to));
  each('list', golden.list, (parts) => list(parts));
  for (const [form, numbers] of Object.entries(golden.plural[language]))
    for (const n of numbers) look(`plural ${language} ${n}`, pluralForm(words, n), form);
  const wanted = golden.order[language];
  look(`order ${language}`, byName([...wanted].reverse(), (name) => name).join('|'), wanted.join('|'));
  setZone(golden.relative.zone);
  each('moment', golden.relative.moment, moment);
  const now = new Date(golden.relative.now).getTime();
  each('ago', golden.relative.ago, (minutes) => ago(now - minutes * 60_000, now));
}
