import { expect, test } from 'vitest';
import { bandPath, labelled, linePath, lonely, scaleTo } from './chart';

const same = (n: number) => n;

test('a scale has room for the highest figure and says whole numbers', () => {
  for (const most of [0, 1, 3, 7, 11, 48, 99, 100, 1029, 54_321]) {
    const { top, ticks } = scaleTo(most);
    expect(top, `${most}`).toBeGreaterThanOrEqual(most);
    expect(ticks.every(Number.isInteger), `${most}`).toBe(true);
    expect([ticks[0], ticks.at(-1)]).toEqual([0, top]);
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.length).toBeLessThan(8);
  }
});

test('a line breaks where a day is not known', () => {
  expect(linePath([1, 2, null, 4, 5], same, same)).toBe('M0.0 1.0L1.0 2.0M3.0 4.0L4.0 5.0');
  expect(linePath([null, null], same, same)).toBe('');
});

test('a day between two unknown ones is a dot of its own', () => {
  expect(lonely([1, null, 2, null, 3, 4])).toEqual([0, 2]);
  expect(lonely([1, 2])).toEqual([]);
});

test('a band goes there above and back below', () => {
  expect(bandPath([{ low: 1, high: 3 }, { low: 2, high: 5 }], 10, same, same)).toBe('M10.0 3.0L11.0 5.0L11.0 2.0L10.0 1.0Z');
  expect(bandPath([], 0, same, same)).toBe('');
});

test('labels stand whole weeks apart, one of them on the last known day', () => {
  expect([...labelled(37, 29, 6)].sort((a, b) => a - b)).toEqual([1, 8, 15, 22, 29, 36]);
  expect([...labelled(37, 29, 3)].sort((a, b) => a - b)).toEqual([1, 15, 29]);
  expect([...labelled(3, 2, 4)]).toEqual([2]);
});
