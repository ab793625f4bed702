// Dates, numbers, plurals, folded names: the tables that the server shares with us in meaning.
import { describe, expect, test } from 'vitest';
import { readFileSync, existsSync } from 'node:fs';
import { civil, clockTime, daysBetween, isoDay, longDate, number, parseDay, shortDate } from './dates';
import { fold, matches } from './fold';
import { pluralForm } from './plural';
import { match } from './match';

describe('dates', () => {
  const day = { year: 2026, month: 11, day: 22 };
  test('long, in three languages', () => {
    expect(longDate('tg', day)).toBe('22 ноябри соли 2026');
    expect(longDate('ru', day)).toBe('22 ноября 2026 г.');
    expect(longDate('en', day)).toBe('22 November 2026');
  });
  test('every Tajik month carries the izofat', () => {
    const months = Array.from({ length: 12 }, (_, at) => shortDate('tg', { month: at + 1, day: 1 }).slice(2));
    expect(months).toEqual(['январи', 'феврали', 'марти', 'апрели', 'майи', 'июни', 'июли', 'августи', 'сентябри', 'октябри', 'ноябри', 'декабри']);
  });
  test('the wall clock of a zone', () => {
    const at = civil('2026-11-21T19:30:00Z', 'Asia/Dushanbe');
    expect(isoDay(at)).toBe('2026-11-22');
    expect(clockTime(at)).toBe('00:30');
    expect(clockTime(civil('2026-11-21T19:00:00Z', 'Asia/Dushanbe'))).toBe('00:00');
  });
  test('midnights, not hours, make a yesterday', () => {
    expect(daysBetween('2026-11-21T18:59:00Z', '2026-11-21T19:01:00Z', 'Asia/Dushanbe')).toBe(1);
    expect(daysBetween('2026-11-21T19:01:00Z', '2026-11-22T18:59:00Z', 'Asia/Dushanbe')).toBe(0);
  });
  test('a wire date passes through no zone', () => expect(parseDay('2026-03-01')).toEqual({ year: 2026, month: 3, day: 1 }));
});

describe('numbers', () => {
  test.each([
    ['en', 1029, '1,029'],
    ['ru', 10288300, '10\u00a0288\u00a0300'],
    ['tg', 1029, '1\u00a0029'],
    ['ru', -937, '−937'],
    ['en', 999, '999'],
  ] as const)('%s %d', (language, value, text) => expect(number(language, value)).toBe(text));
  test('decimals', () => {
    expect(number('ru', 2.5, 1)).toBe('2,5');
    expect(number('en', 2.04, 1)).toBe('2');
    expect(number('tg', 1234.56, 1)).toBe('1\u00a0234,6');
  });
});

test('plural forms', () => {
  const russian = [1, 2, 5, 11, 12, 14, 21, 22, 25, 101, 111, 0].map((n) => pluralForm('ru', n));
  expect(russian).toEqual(['one', 'few', 'many', 'many', 'many', 'many', 'one', 'few', 'many', 'one', 'many', 'many']);
  expect([1, 2, 5].map((n) => pluralForm('tg', n))).toEqual(['other', 'other', 'other']);
  expect([0, 1, 2].map((n) => pluralForm('en', n))).toEqual(['other', 'one', 'other']);
});

describe('names as people type them', () => {
  const fixture = new URL('../../../data/packs/tj/search_fixture.csv', import.meta.url);
  const pairs = existsSync(fixture)
    ? readFileSync(fixture, 'utf8').trim().split('\n').slice(1).map((line) => line.trim().split(',') as [string, string])
    : ([
        ['Хуҷанд', 'Худжанд'], ['Хуҷанд', 'Khujand'], ['Хуҷанд', 'Хучанд'], ['Хуҷанд', 'Хуљанд'], ['Хуҷанд', 'khudzhand'],
        ['Ғафуров', 'Гафуров'], ['Ғафуров', 'Ghafurov'], ['Ғафуров', 'Ѓафуров'],
        ['Ҳисор', 'Хисор'], ['Ҳисор', 'Hisor'], ['Ҳисор', 'Њисор'], ['Ҳисор', 'Гиссар'],
        ['Кӯлоб', 'Кулоб'], ['Кӯлоб', 'Kulob'], ['Кӯлоб', 'Кўлоб'], ['Кӯлоб', 'Куляб'], ['Кӯлоб', 'Kulyab'],
        ['Қурғонтеппа', 'Кургонтеппа'], ['Қурғонтеппа', 'Qurghonteppa'], ['Қурғонтеппа', 'Курган-Тюбе'],
        ['Панҷакент', 'Пенджикент'], ['Панҷакент', 'Panjakent'], ['Панҷакент', 'Панчакент'],
        ['Ваҳдат', 'Вахдат'], ['Ваҳдат', 'Vahdat'], ['Ваҳдат', 'Vakhdat'],
        ['Хоруғ', 'Хорог'], ['Хоруғ', 'Khorugh'], ['Хоруғ', 'Khorog'],
        ['Исфара', 'Isfara'], ['Турсунзода', 'Tursunzoda'], ['Рашт', 'Rasht'],
        ['Ҷайҳун', 'Джайхун'], ['Ҷайҳун', 'Jayhun'], ['Восеъ', 'Восе'], ['Восеъ', 'Vose'],
        ['Ёвон', 'Явон'], ['Ёвон', 'Yovon'], ['Ёвон', 'Яван'],
        ['Шаҳритус', 'Шахритус'], ['Шаҳритус', 'Shahritus'], ['Шаҳритус', 'Shahrtuz'],
      ] as [string, string][]);
  test.each(pairs)('%s ← %s', (name, typed) => expect(fold(typed)).toBe(fold(name)));
  test('a part of a name is enough, another name is not', () => {
    expect(matches('хуҷ', ['Хуҷанд', 'Худжанд', 'Khujand'])).toBe(true);
    expect(matches('xyz', ['Хуҷанд'])).toBe(false);
    expect(matches(' ', ['Хуҷанд'])).toBe(true);
  });
});

test('paths', () => {
  expect(match('/referrals/:id', '/referrals/01a1')).toEqual({ id: '01a1' });
  expect(match('/referrals/:id', '/referrals')).toBeNull();
  expect(match('/referrals', '/referrals/')).toEqual({});
});
