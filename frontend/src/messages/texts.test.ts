// Every text that people read, in the web app, in letters and in the country's catalogue: letters of its own alphabet,
// the words of the glossary, and marks of review that are about texts there are.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { csv, hashOf, marks, texts } from '../../scripts/texts.mjs';
import type { Lists } from '../lib/language';

const data = <T>(path: string) => JSON.parse(readFileSync(new URL(`../../../data/language/${path}.json`, import.meta.url), 'utf8')) as T;
const foreign = ['tg', 'ru'] as const;
const tables = data<Record<string, Lists>>('languages');
const all = { en: texts('en'), ru: texts('ru'), tg: texts('tg') };
const words = (forms: Record<string, string>) => Object.values(forms).join(' | ').replace(/\{\w+\}/g, '');
/** The program's name, a key on the keyboard, codes of places, names of formats: written alike everywhere. */
const alike = /Panoh|Shift|TJ-SU-01|SMS|CSV|UTF-8|XLSX|QR|cron/g;

describe('letters', () => {
  test.each(foreign)('%s is written in its own alphabet', (language) => {
    const own = new Set(Array.from(tables[language]?.alphabet ?? ''));
    for (const [id, forms] of all[language]) {
      const strange = Array.from(words(forms).replace(alike, '').toLowerCase()).filter((letter) => /\p{L}/u.test(letter) && !own.has(letter));
      expect(strange, `${id}: ${words(forms)}`).toEqual([]);
    }
  });
});

describe('the glossary', () => {
  const glossary = new Map(csv('data/language/glossary.csv').map((row) => [row.en ?? '', row]));
  /** For each term: the English that asks for it, and what of its word must stand in the text, however it is inflected. */
  const terms = Object.entries(data<Record<string, Record<'en' | 'ru' | 'tg', string>>>('terms'));
  /** Where the English word means another thing, or the text does well without it. */
  const free: Record<string, string[]> = {
    'web/national.reported': ['shelter'],
    'web/timeline.asked': ['shelter'],
    'web/shelter.infants_share': ['bed, sleeping place'],
    'item/bed_linen': ['bed, sleeping place'],
    'item/bed_sheet': ['bed, sleeping place'],
    // It builds one.
    'item/shelter_tool_kit': ['shelter'],
    // A family place is no bed.
    'mail/file.family_free': ['free place'],
    'mail/headline.family_places': ['free place'],
    'mail/reason.no_capacity': ['free place'],
    'web/national.over': ['occupied'],
    // A household goes back to where it was.
    'web/plan.undo': ['undo'],
    // The glossary has "not reported" by itself.
    'mail/state.silent': ['report'],
    // A text message is paid for by its length.
    'mail/sms.over': ['bed, sleeping place'],
    'mail/sms.beds_untold': ['bed, sleeping place', 'not reported', 'report'],
  };

  test('has its 68 terms, each with its sources', () => {
    expect(glossary.size).toBe(68);
    for (const [term, row] of glossary) for (const cell of ['ru', 'tg', 'source']) expect(row[cell], term).toBeTruthy();
  });

  test.each(terms)('%s: the stems are those of its word', (term, stems) => {
    for (const language of foreign) expect(glossary.get(term)?.[language], term).toMatch(new RegExp(stems[language], 'i'));
  });

  test.each(foreign)('%s uses the words of the glossary', (language) => {
    const other: string[] = [];
    let asked = 0;
    for (const [term, stems] of terms) {
      for (const [id, forms] of all.en) {
        if (!new RegExp(stems.en, 'i').test(words(forms)) || free[id]?.includes(term)) continue;
        asked += 1;
        const own = words(all[language].get(id) ?? {});
        if (!new RegExp(stems[language], 'i').test(own)) other.push(`${id}, ${term}: ${own}`);
      }
    }
    expect(other).toEqual([]);
    expect(asked).toBeGreaterThan(250);
  });

  test('Tajik does without words that mean something else', () => {
    for (const [id, forms] of all.tg) expect(words(forms), id).not.toMatch(/ҷойҳои холӣ|роҳхат|хабарнома|бехабар/i);
  });
});

describe('marks of review', () => {
  test('are of texts there are, with a hash each', () => {
    expect(Object.keys(marks())).toEqual([...foreign]);
    for (const language of foreign)
      for (const [id, hash] of Object.entries(marks()[language] ?? {})) {
        expect(all[language].has(id), `${language} ${id}`).toBe(true);
        expect(hash).toMatch(/^[0-9a-f]{12}$/);
      }
  });
  test('a changed text has another hash, whichever of its forms changed', () => {
    expect(hashOf({ one: 'a', few: 'b' })).toBe(hashOf({ few: 'b', one: 'a' }));
    expect(hashOf({ one: 'a', few: 'b' })).not.toBe(hashOf({ one: 'a', few: 'c' }));
    expect(hashOf({ '': 'a' })).not.toBe(hashOf({ one: 'a' }));
  });
});
