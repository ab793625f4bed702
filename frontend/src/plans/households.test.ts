import { expect, test } from 'vitest';
import type { District, Need } from '../wire';
import { childrenOf, householdOf, parse, row } from './households';

const district = (code: string, en: string): District => ({ code, region: 'R', names: { en }, old_names: [], centre: { lat: 0, lon: 0 }, dot: { x: 0, y: 0 } });
const districts = [district('TJ-SU-KHU', 'Khujand'), district('TJ-DU-SIN', 'Sino')];

const needs = new Map<string, Need>([['step_free', 'step_free'], ['без ступеней', 'step_free'], ['pets', 'pets']]);

test('children as people write them', () => {
  expect(childrenOf('7m 4f')).toEqual([{ age: 7, sex: 'male' }, { age: 4, sex: 'female' }]);
  expect(childrenOf('м7, ж4')).toEqual([{ age: 7, sex: 'male' }, { age: 4, sex: 'female' }]);
  expect(childrenOf('')).toEqual([]);
  expect(childrenOf('7')).toBeNull();
  expect(childrenOf('7x')).toBeNull();
});

test('a pasted table with a heading, tabs or semicolons, codes or names', () => {
  const { rows, wrong } = parse('name\tdistrict\twomen\tchildren\tneeds\nA\tKhujand\t1\t7m 4f\tБез ступеней + pets\nB;TJ-DU-SIN;2;;\n', districts, needs);
  expect(wrong).toEqual([]);
  expect(rows.map(({ label, from, adults, needs }) => [label, from, adults, needs])).toEqual([['A', 'TJ-SU-KHU', 1, ['step_free', 'pets']], ['B', 'TJ-DU-SIN', 2, []]]);
});

test('a line that cannot be read is named by its number and makes no row', () => {
  const { rows, wrong } = parse('A;Atlantis;1;;\nB;Sino;0;;\nC;Sino;1;old;\nD;Sino;1;;wings\nE;Sino;1;3f;', districts, needs);
  expect(wrong).toEqual([1, 2, 3, 4]);
  expect(rows.map(({ label }) => label)).toEqual(['E']);
});

test('a row becomes a household', () => {
  expect(householdOf(row({ adults: 2, children: '1f' }))).toEqual({ adults: [{ age_band: '18_59' }, { age_band: '18_59' }], children: [{ age: 1, sex: 'female' }] });
});
