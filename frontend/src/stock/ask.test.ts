import { describe, expect, test } from 'vitest';
import { addDays } from '../lib/dates';
import { neededBy, packsWanted } from './ask';

describe('what a request begins with', () => {
  test('whole packs for two weeks, less what is there and on its way', () => {
    expect(packsWanted({ on_hand: 10, coming: 0, daily_use: 3 }, 25)).toBe(2);
    expect(packsWanted({ on_hand: 10, coming: 25, daily_use: 3 }, 25)).toBe(1);
    expect(packsWanted({ on_hand: 0, coming: 0, daily_use: 2.5 }, 1)).toBe(35);
  });
  test('one pack where the use is not known, or nothing is missing', () => {
    expect(packsWanted({ on_hand: 0, coming: 0, daily_use: null }, 12)).toBe(1);
    expect(packsWanted({ on_hand: 900, coming: 0, daily_use: 3 }, 12)).toBe(1);
  });
  test('needed when it runs out, never today or before', () => {
    expect(neededBy('2026-11-27', '2026-11-23')).toBe('2026-11-27');
    expect(neededBy('2026-11-23', '2026-11-23')).toBe('2026-11-24');
    expect(neededBy(null, '2026-11-23')).toBe('2026-11-30');
  });
  test('days cross months and years', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
  });
});
