// Every text that people read, wherever it is kept: the web app's messages, the letters', the names of the country's
// items. And which of them a native reader has seen: data/language/reviewed.json keeps a hash of each text as it was
// seen, so that a changed text loses its mark by itself.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const at = (path) => new URL(`../../${path}`, import.meta.url);
const json = (path) => JSON.parse(readFileSync(at(path), 'utf8'));

/** Cells of one line of CSV, quotes minded. */
const cells = (line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '');

/** A table as objects by the words of its head line. */
export function csv(path) {
  const [head = '', ...lines] = readFileSync(at(path), 'utf8').trim().split(/\r?\n/);
  const names = cells(head);
  return lines.map((line) => Object.fromEntries(cells(line).map((cell, n) => [names[n], cell])));
}

/** Id ("web/today.title", "mail/subject", "item/soap") and the forms of each text: one, or several by plural category. */
export function texts(language) {
  const found = new Map();
  const add = (id, form, text) => found.set(id, { ...found.get(id), [form]: text });
  for (const [key, text] of Object.entries(json(`frontend/src/messages/${language}.json`))) {
    const [bare = '', form = ''] = key.split('#');
    add(`web/${bare}`, form, text);
  }
  for (const [key, text] of Object.entries(json(`data/mail/${language}.json`))) {
    if (typeof text === 'string') add(`mail/${key}`, '', text);
    else for (const [form, one] of Object.entries(text)) add(`mail/${key}`, form, one);
  }
  for (const row of csv('data/packs/tj/items.csv')) add(`item/${row.code}`, '', row[`name_${language}`]);
  return found;
}

export const hashOf = (forms) => createHash('sha256').update(JSON.stringify(Object.entries(forms).sort(([a], [b]) => (a < b ? -1 : 1)))).digest('hex').slice(0, 12);

/** Language → id → hash of the text that a native reader has seen. English is the source and has no marks. */
export const marks = () => json('data/language/reviewed.json');
export const marksFile = at('data/language/reviewed.json');

/** The ids of a language's texts that were seen as they are now, and of those never seen or changed since. */
export function review(language) {
  const seen = marks()[language] ?? {};
  const [done, open] = [[], []];
  for (const [id, forms] of texts(language)) (seen[id] === hashOf(forms) ? done : open).push(id);
  return { done, open };
}
