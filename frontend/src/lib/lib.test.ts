// Small things of the app's own: wall clocks, paths. What is printed in each language is in language.test.ts.
import { describe, expect, test } from 'vitest';
import { civil, daysBetween, isoDay, parseDay } from './dates';
import { match } from './match';

describe('dates', () => {
  test('the wall clock of a zone', () => {
    const at = civil('2026-11-21T19:30:00Z', 'Asia/Dushanbe');
    expect(isoDay(at)).toBe('2026-11-22');
    expect([at.hour, at.minute]).toEqual([0, 30]);
    expect(civil('2026-11-21T19:00:00Z', 'Asia/Dushanbe').hour).toBe(0);
  });
  test('midnights, not hours, make a yesterday', () => {
    expect(daysBetween('2026-11-21T18:59:00Z', '2026-11-21T19:01:00Z', 'Asia/Dushanbe')).toBe(1);
    expect(daysBetween('2026-11-21T19:01:00Z', '2026-11-22T18:59:00Z', 'Asia/Dushanbe')).toBe(0);
  });
  test('a wire date passes through no zone', () => expect(parseDay('2026-03-01')).toEqual({ year: 2026, month: 3, day: 1 }));
});

test('paths', () => {
  expect(match('/referrals/:id', '/referrals/01a1')).toEqual({ id: '01a1' });
  expect(match('/referrals/:id', '/referrals')).toBeNull();
  expect(match('/referrals', '/referrals/')).toEqual({});
});
