import { describe, expect, test } from 'vitest';
import type { Journey } from '../wire';
import { arrow, flowsOf, stopsOf } from './flows';

const end = (district: string) => ({ shelter_id: district, code: district, district, region: 'r' });
const journey = (from: string, to: string, weight_kg: number): Journey => ({ from: end(from), to: end(to), km: 1, hours: 1, weight_kg, vehicles: 1, lines: [] });

describe('flows between districts', () => {
  test('journeys between the same districts are one, the heaviest first', () => {
    expect(flowsOf([journey('a', 'b', 10), journey('c', 'b', 30), journey('a', 'b', 25)])).toEqual([
      { from: 'a', to: 'b', kg: 35, journeys: 2 },
      { from: 'c', to: 'b', kg: 30, journeys: 1 },
    ]);
  });
  test('there and back are two', () => {
    expect(flowsOf([journey('a', 'b', 1), journey('b', 'a', 2)])).toHaveLength(2);
  });
  test('a district gives when more goes out than comes in', () => {
    const stops = stopsOf(flowsOf([journey('a', 'b', 10), journey('b', 'c', 4)]));
    expect(stops).toEqual([{ code: 'a', n: 1, gives: true }, { code: 'b', n: 2, gives: false }, { code: 'c', n: 1, gives: false }]);
  });
  test('a journey inside a district is counted once', () => {
    expect(stopsOf(flowsOf([journey('a', 'a', 10)]))).toEqual([{ code: 'a', n: 1, gives: false }]);
  });
});

describe('arrows', () => {
  test('end at the rims', () => {
    const path = arrow({ x: 0, y: 0, r: 10 }, { x: 200, y: 0, r: 10 });
    const [fromX = 0, fromY = 0] = (path.match(/-?[\d.]+/g) ?? []).map(Number);
    expect(Math.hypot(fromX, fromY)).toBeCloseTo(12, 0);
  });
  test('are not drawn between discs that touch', () => {
    expect(arrow({ x: 0, y: 0, r: 10 }, { x: 15, y: 0, r: 10 })).toBe('');
  });
});
