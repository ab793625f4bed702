import { expect, test } from 'vitest';
import { lookOf } from './look';
import { inside, outlines } from './shape';
import type { Totals } from '../wire';

test('a number stands inside even a bent outline', () => {
  const bent = outlines('M0 0L100 0L100 20L20 20L20 100L0 100Z')[0] ?? [];
  const point = inside(bent);
  expect(point.x > 0 && point.y > 0 && (point.y < 20 || point.x < 20)).toBe(true);
});

test('relative commands and several outlines', () => {
  expect(outlines('m10 10h10v10h-10zM50,50l5,0 0,5z')).toEqual([
    [{ x: 10, y: 10 }, { x: 20, y: 10 }, { x: 20, y: 20 }, { x: 10, y: 20 }],
    [{ x: 50, y: 50 }, { x: 55, y: 50 }, { x: 55, y: 55 }],
  ]);
});

const totals = (more: Partial<Totals>): Totals => ({
  beds: 70, free: 20, occupied: 40, held: 5, enclosed: 5, out_of_service: 0, over_capacity: 0, family_places: 3, family_capacity: 20,
  places_by_use: { single_women: 0, family_2: 0, family_3: 0, family_4: 0, family_5_plus: 0, step_free: 0 },
  shelters: { total: 3, fresh: 3, aging: 0, stale: 0, silent: 0 },
  ...more,
});

test('how a region looks', () => {
  expect(lookOf(totals({ family_places: 3 }))).toBe('free');
  expect(lookOf(totals({ family_places: 2 }))).toBe('few');
  expect(lookOf(totals({ family_places: 0 }))).toBe('few');
  expect(lookOf(totals({ free: 0, family_places: 0 }))).toBe('full');
  expect(lookOf(totals({ shelters: { total: 2, fresh: 0, aging: 0, stale: 0, silent: 2 } }))).toBe('silent');
});
