// What a language needs beside its words: a row of data/language/languages.json, which the server reads too. Each
// language's row comes with its first messages but for what lists need; data/language/golden.json holds server and browser to the same answers.

export interface Table {
  date: string;
  months: string[];
  day: string;
  /** Months where no year follows, if they differ: the Tajik izofat joins a month to its year. */
  months_alone?: string[];
  time: string;
  group: string;
  decimal: string;
  minus: string;
  plural: 'none' | 'one_other' | 'slavic';
}

/** The rest of the row, for pages that list and reckon: `virtual:language/lists` has it for all languages. */
export interface Lists {
  percent: string;
  interval: string;
  comma: string;
  and: string;
  alphabet: string;
}

type Params = Record<string, string | number>;

/** Fills `{name}`s; a name that is not given stays. */
export const fill = (text: string, params: Params, print: (n: number) => string = String): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : typeof value === 'number' ? print(value) : value;
  });

/** Digits in groups of three; at most `decimals` decimals. */
export function number(table: Table, value: number, decimals = 0): string {
  const rounded = Number(value.toFixed(decimals));
  const [whole = '0', rest] = String(Math.abs(rounded)).split('.');
  return (rounded < 0 ? table.minus : '') + whole.replace(/\B(?=(\d{3})+$)/g, table.group) + (rest ? table.decimal + rest : '');
}

export type Form = 'one' | 'few' | 'many' | 'other';

/** Which form of a message a number wants: CLDR's categories of whole numbers; a part of one reads like a few. */
export function pluralForm({ plural }: Table, n: number): Form {
  if (plural !== 'slavic') return plural === 'one_other' && n === 1 ? 'one' : 'other';
  const last = Math.abs(n) % 10;
  const teens = Math.abs(n) % 100 > 10 && Math.abs(n) % 100 < 15;
  if (n % 1) return 'few';
  if (last === 1 && !teens) return 'one';
  return last > 1 && last < 5 && !teens ? 'few' : 'many';
}
