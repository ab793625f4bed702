// Households as lines of text: what somebody pastes from a table becomes the rows of the form, and back.

import { theOne } from '../lib/fold';
import type { Child, District, Household, Need } from '../wire';

export interface Row {
  key: number;
  label: string;
  from: string;
  adults: number;
  /** As typed: "7m 4f", ages with m for a boy, f for a girl. */
  children: string;
  needs: Need[];
  /** Whether two or three rooms are all right. */
  apart: boolean;
}

let last = 0;
export const row = (given: Partial<Row> = {}): Row => ({ key: (last += 1), label: '', from: '', adults: 1, children: '', needs: [], apart: false, ...given });

/** The children in "7m 4f" (boys m, м, b, п; girls f, ж, g, д); null where a word is not one. */
export function childrenOf(text: string): Child[] | null {
  const children: Child[] = [];
  for (const word of text.toLowerCase().split(/[\s,+/]+/).filter(Boolean)) {
    const [, before = '', age = '', after = ''] = /^(\p{L}?)(\d{1,2})(\p{L}?)$/u.exec(word) ?? [];
    const letter = before || after;
    if (!age || !letter) return null;
    if (!'mмbпfжgд'.includes(letter)) return null;
    children.push({ age: Number(age), sex: 'mмbп'.includes(letter) ? 'male' : 'female' });
  }
  return children;
}

export const householdOf = ({ adults, children }: Row): Household => ({
  adults: Array.from({ length: adults }, () => ({ age_band: '18_59' as const })),
  children: childrenOf(children) ?? [],
});

/** Cells of a pasted line: tabs first, then semicolons, then commas. */
const cells = (line: string): string[] => line.split(line.includes('\t') ? '\t' : line.includes(';') ? ';' : ',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));

/** Needs in a cell, by code or by the word on the screen: "step_free + pets"; null where one is not known. */
function needsOf(text: string, names: ReadonlyMap<string, Need>): Need[] | null {
  const wanted = text.split(/[+|/]/).map((word) => word.trim().toLowerCase()).filter(Boolean);
  const found = wanted.map((word) => names.get(word));
  return found.some((need) => need === undefined) ? null : (found as Need[]);
}

/**
 * Rows of a pasted table: name, district (code or name), women, children, needs. A first line without a number is a heading.
 * `names`: each need's code and its word, in lower case. `wrong`: the numbers of lines that could not be read.
 */
export function parse(text: string, districts: District[], names: ReadonlyMap<string, Need>): { rows: Row[]; wrong: number[] } {
  const rows: Row[] = [];
  const wrong: number[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (!line.trim()) continue;
    const [label = '', place = '', women = '', children = '', wanted = ''] = cells(line);
    if (at === 0 && !/\d/.test(line)) continue;
    const district = districts.find(({ code }) => code.toLowerCase() === place.toLowerCase()) ?? theOne(place, districts);
    const needs = needsOf(wanted, names);
    const adults = Number(women || '1');
    if (district && needs && Number.isInteger(adults) && adults >= 1 && childrenOf(children)) rows.push(row({ label, from: district.code, adults, children, needs }));
    else wrong.push(at + 1);
  }
  return { rows, wrong };
}
