// The message files against each other, and against the pages that use them.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Form, type Table } from '../lib/language';
import { areaOf, languages, type Area, type Language } from './areas';

const read = (language: Language) =>
  JSON.parse(readFileSync(new URL(`./${language}.json`, import.meta.url), 'utf8')) as Record<string, string>;
const files = Object.fromEntries(languages.map((language) => [language, read(language)])) as Record<Language, Record<string, string>>;
const tables = JSON.parse(readFileSync(new URL('../../../data/language/languages.json', import.meta.url), 'utf8')) as Record<Language, Table>;
const formsOf: Record<Table['plural'], Form[]> = { none: ['other'], one_other: ['one', 'other'], slavic: ['one', 'few', 'many'] };
const bare = (key: string) => key.replace(/#.*/, '');
const keysOf = (language: Language) => new Set(Object.keys(files[language]).map(bare));
const counted = new Set(Object.keys(files.en).filter((key) => key.includes('#')).map(bare));
const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

// Codes, numbers, names of things that are written alike, and words that Tajik or Russian share with English.
const alike = new Set(['band.0', 'band.1_2', 'band.3_5', 'run.by', 'when.day']);

describe('message files', () => {
  test.each(['tg', 'ru'] as const)('%s has the keys of en, and no other', (language) => {
    expect([...keysOf(language)].sort()).toEqual([...keysOf('en')].sort());
  });

  test.each(languages)('%s has every plural form its language wants', (language) => {
    for (const key of counted) {
      const forms = Object.keys(files[language]).filter((full) => full.startsWith(`${key}#`)).map((full) => full.split('#')[1]);
      expect(forms.sort(), key).toEqual([...formsOf[tables[language].plural]].sort());
    }
  });

  test.each(['tg', 'ru'] as const)('%s has the placeholders of en', (language) => {
    for (const [key, text] of Object.entries(files[language])) {
      const english = files.en[key] ?? files.en[`${bare(key)}#other`] ?? '';
      expect(holes(text), key).toEqual(holes(english));
    }
  });

  test.each(['tg', 'ru'] as const)('%s has no English left', (language) => {
    for (const [key, text] of Object.entries(files[language])) {
      if (alike.has(key)) continue;
      expect(text, key).not.toBe(files.en[key]);
      expect(text.replace(/\{\w+\}|TJ-SU-01|SMS|CSV|UTF-8|XLSX|QR|Shift|cron/g, ''), key).not.toMatch(/[A-Za-z]{2,}/);
    }
  });
});

describe('pages', () => {
  const src = new URL('../', import.meta.url);
  const list = (dir: string) => readdirSync(new URL(dir, src)).filter((name) => /\.(svelte|ts)$/.test(name) && !name.includes('.test.')).map((name) => dir + name);
  const used = (file: string) => {
    const code = readFileSync(new URL(file, src), 'utf8');
    return [...code.matchAll(/'([a-z]+\.[a-z0-9_]+)'/g)].map((hit) => hit[1] ?? '').filter((key) => keysOf('en').has(key));
  };
  const needs: [string, Area[][]][] = [
    ['officer/', [['officer']]],
    ['committee/', [['committee']]],
    ['digests/', [['committee'], ['admin']]],
    ['alerts/', [['committee'], ['admin']]],
    ['admin/', [['admin']]],
    ['plans/', [['admin']]],
    ['supplies/', [['admin']]],
    ['stock/', [['manager', 'requests', 'stock']]],
    ['ledger/', [['committee'], ['admin']]],
    ['glossary/', [['glossary']]],
    ['shell/', [['door']]],
    ['safety/', [['safety', 'door']]],
  ];

  test.each(needs)('%s finds its words in what it loads', (dir, roles) => {
    for (const file of list(dir))
      for (const key of used(file))
        for (const loaded of roles) expect([...loaded, 'base'].some((area) => areaOf(key).includes(area as Area)), `${file}: ${key}`).toBe(true);
  });

  test('the daily report does without the words of the other pages', () => {
    const first = ['Nav', 'View', 'Today', 'Free', 'RoomCard', 'SaveState', 'Picker'];
    for (const name of first)
      for (const key of used(`manager/${name}.svelte`)) expect(areaOf(key).some((area) => area === 'base' || area === 'manager'), `${name}: ${key}`).toBe(true);
  });

  test("the manager's other pages and the seldom parts of the report find their words in what is fetched with them", () => {
    for (const name of ['RoomMore', 'StockList', 'Unsettled', 'Requests', 'HoldCard', 'History', 'Contact', 'Access', 'Reminders', 'Browsers', 'Phones'])
      for (const key of used(`manager/${name}.svelte`)) expect(['base', 'manager', 'requests'].some((area) => areaOf(key).includes(area as Area)), `${name}: ${key}`).toBe(true);
  });

  test('no message is unused', () => {
    const dirs = ['', 'lib/', 'parts/', 'shell/', 'safety/', 'manager/', 'officer/', 'committee/', 'admin/', 'digests/', 'alerts/', 'plans/', 'ledger/', 'supplies/', 'stock/', 'glossary/'];
    const code = dirs.flatMap(list).map((file) => readFileSync(new URL(file, src), 'utf8')).join('\n');
    const made = [...code.matchAll(/`([a-z]+\.(?:[a-z]+_)?)\$\{/g)].map((hit) => hit[1] ?? '');
    made.push('decline.', 'release.', 'timeline.');
    const unused = [...keysOf('en')].filter((key) => !code.includes(`'${key}'`) && !made.some((start) => key.startsWith(start)));
    expect(unused).toEqual([]);
  });
});
