import { describe, expect, test } from 'vitest';
import { ApiError } from '../lib/api';
import { bodyOf, decimalsOf, figuresOf, noFigures, scaled, typed } from './catalogue';
import type { Item } from '../wire';

describe('figures of an item', () => {
  test.each([
    ['2,5', 3, 2500],
    ['2.5', 3, 2500],
    ['0.001', 3, 1],
    ['1 200', 0, 1200],
    ['19,99', 2, 1999],
    ['', 3, null],
    ['2.0005', 3, undefined],
    ['-1', 0, undefined],
    ['1e3', 0, undefined],
    ['many', 0, undefined],
    ['.5', 1, undefined],
  ])('%s with %i decimals', (text, places, value) => expect(scaled(text, places)).toBe(value));

  test.each([
    [2500, 3, '2.5'],
    [1, 3, '0.001'],
    [1000, 3, '1'],
    [0, 2, '0'],
    [30, 0, '30'],
    [null, 0, ''],
  ])('%s thousandths, hundredths or ones', (value, places, text) => {
    expect(typed(value, places)).toBe(text);
    expect(scaled(text, places)).toBe(value);
  });

  test('what is typed is sent exactly, and a field that is empty is left to the pack', () => {
    expect(bodyOf({ ...noFigures(), quantity: '2,5', days: '30', price: '20,5' }, 2)).toEqual({
      weight_grams: null,
      planning: { quantity_milli: 2500, days: 30 },
      thresholds: null,
      price_minor: 2050,
    });
    expect(decimalsOf('TJS')).toBe(2);
  });

  test('what is no number is told at its field', () => {
    let told: unknown;
    try {
      bodyOf({ ...noFigures(), weight: 'x', low: '1,5' }, 2);
    } catch (error) {
      told = error;
    }
    expect((told as ApiError).errors.map(({ field }) => field)).toEqual(['thresholds.low_below_days', 'weight_grams']);
  });

  test('only what operators have set stands in the fields', () => {
    const item = { own: false, changed: ['price_minor'], weight_grams: 102, planning: { quantity_milli: 2500, days: 30 }, price_minor: 2050 } as unknown as Item;
    expect(figuresOf(item, 2)).toEqual({ ...noFigures(), price: '20.5' });
    expect(figuresOf({ ...item, own: true, changed: [] } as Item, 2).quantity).toBe('2.5');
  });
});
