// The goldens in Node, the order's laws, and the ways people type the names of places.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { languages } from '../messages/areas';
import type { District } from '../wire';
import { called, fold, matches, theOne } from './fold';
import { compareAll, type Golden } from './goldens';
import { number, pluralForm, type Lists, type Table } from './language';
import { compare } from './order';

const data = (path: string) => readFileSync(new URL(`../../../data/${path}`, import.meta.url), 'utf8');
const tables = JSON.parse(data('language/languages.json')) as Record<(typeof languages)[number], Table & Lists>;
const golden = JSON.parse(data('language/golden.json')) as Golden;
/** Lines of a table without commas inside its cells. */
const rows = (path: string) => data(path).trim().split('\n').slice(1).map((line) => line.split(','));

describe('goldens', () => {
  beforeAll(() => {
    vi.useFakeTimers({ now: new Date(golden.relative.now), toFake: ['Date'] });
    vi.stubGlobal('document', { documentElement: { lang: '' } });
  });
  afterAll(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  test('every case is printed as the server prints it', async () => {
    const { looked, wrong } = await compareAll(golden);
    expect(wrong).toEqual([]);
    expect(looked).toBeGreaterThan(2000);
  });
});

test('parts of one', () => {
  expect(number(tables.en, 2.04, 1)).toBe('2');
  expect(number(tables.tg, 1234.56, 1)).toBe('1\u00a0234,6');
  expect(number(tables.ru, -0.04, 1)).toBe('0');
  expect([0.5, 2.5, -2, -5].map((n) => pluralForm(tables.ru, n))).toEqual(['few', 'few', 'few', 'many']);
});

describe('order', () => {
  // A fixed sequence of names, so that a failure can be seen again.
  let seed = 7;
  const draw = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  const letters = Array.from('абвгғдеёжзиӣйкқлмнопрстуӯфхҳчҷшщъыьэюяАҶЯabzAZ019 -’№\u0301');
  const names = Array.from({ length: 60 }, () => Array.from({ length: draw(4) }, () => letters[draw(letters.length)]).join(''));

  test.each(languages)('%s is total', (language) => {
    const by = (a: string, b: string) => Math.sign(compare(tables[language].alphabet, a, b));
    for (const a of names)
      for (const b of names) {
        if (by(a, b) + by(b, a) !== 0 || (by(a, b) === 0) !== (a === b)) expect([a, b]).toBe('in one order');
        for (const c of names) if (by(a, b) <= 0 && by(b, c) <= 0 && by(a, c) > 0) expect([a, b, c]).toBe('in one order');
      }
  });
  test.each(languages)('%s is its alphabet, in both cases', (language) => {
    const alphabet = Array.from(tables[language].alphabet);
    for (const [at, letter] of alphabet.entries()) {
      const next = alphabet[at + 1];
      if (!next) continue;
      for (const [a, b] of [[letter, next], [letter.toUpperCase(), next], [letter, next.toUpperCase()]] as const) expect(compare(tables[language].alphabet, a, b), `${a} ${b}`).toBeLessThan(0);
    }
  });
});

describe('names as people type them', () => {
  const heads = data('packs/tj/areas.csv').split('\n')[0]?.split(',') ?? [];
  const old = rows('packs/tj/old_names.csv');
  const districts = rows('packs/tj/areas.csv')
    .map((cells) => Object.fromEntries(heads.map((head, at) => [head, cells[at] ?? ''])))
    .filter(({ level }) => level === '2')
    .map(({ code = '', name_tg: tg = '', name_ru: ru = '', name_en: en = '' }) => ({ code, names: { tg, ru, en }, old_names: old.filter(([of]) => of === code).map(([, name = '']) => name) }) as District);
  const found = (typed: string) => districts.filter((district) => matches(typed, called(district))).map(({ code }) => code);
  const pairs = rows('packs/tj/search_fixture.csv').map(([name = '', typed = '']) => [name, typed.trim()] as const);

  test('the fixture has its 42 pairs, the country its 68 districts', () => expect([pairs.length, districts.length]).toEqual([42, 68]));
  test.each(pairs)('%s ← %s', (name, typed) => {
    expect(found(name)).toHaveLength(1);
    expect(found(typed)).toEqual(found(name));
  });
  test('a part of a name is enough, another name is not', () => {
    expect(matches('хуҷ', ['Хуҷанд', 'Худжанд', 'Khujand'])).toBe(true);
    expect(matches('xyz', ['Хуҷанд'])).toBe(false);
    expect(matches(' ', ['Хуҷанд'])).toBe(true);
  });
  test('one district is meant where a name is whole or only one has the part', () => {
    expect(theOne('Панҷ', districts)?.code).toBe('TJ-KT-17');
    expect(theOne('мастчох', districts)?.code).toBe('TJ-SU-16');
    expect(theOne('Ленинабад', districts)?.code).toBe('TJ-SU-01');
    expect(theOne('Истарав', districts)?.code).toBe('TJ-SU-04');
    expect(theOne('обод', districts)).toBeUndefined();
    expect(theOne('№', districts)?.code).toBeUndefined();
    expect(theOne(' ', districts)).toBeUndefined();
  });
  test('what is folded stays so', () => {
    for (const [, folded] of golden.fold) expect(fold(folded)).toBe(folded);
  });
});
