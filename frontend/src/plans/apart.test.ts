import { expect, test } from 'vitest';
import { apart } from './apart';

test('discs on one spot end side by side, near where they were', () => {
  const [a, b, c] = apart([{ x: 100, y: 100, r: 20 }, { x: 100, y: 100, r: 20 }, { x: 110, y: 105, r: 25 }]);
  for (const [one, other] of [[a, b], [a, c], [b, c]] as const) expect(Math.hypot(one!.x - other!.x, one!.y - other!.y)).toBeGreaterThan(one!.r + other!.r - 2);
  for (const one of [a, b, c]) expect(Math.hypot(one!.x - 100, one!.y - 100)).toBeLessThan(80);
});

test('discs that do not touch stay', () => {
  const discs = [{ x: 0, y: 0, r: 5 }, { x: 100, y: 0, r: 5 }];
  expect(apart(discs)).toEqual(discs);
});
