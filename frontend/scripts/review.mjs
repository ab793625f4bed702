// For a native reader: what is still to be read, and the mark when it was. See docs/LANGUAGES.md.
//   npm --prefix frontend run review                        how much was seen
//   npm --prefix frontend run review -- list tg web/today.  what was not, beside the English
//   npm --prefix frontend run review -- mark tg web/today.  mark what begins so as seen
import { writeFileSync } from 'node:fs';
import { hashOf, marks, marksFile, review, texts } from './texts.mjs';

const [what = 'share', language = '', ...starts] = process.argv.slice(2);
const chosen = (id) => starts.length === 0 || starts.some((start) => id.startsWith(start));

if (what === 'share') {
  for (const one of Object.keys(marks())) {
    const { done, open } = review(one);
    console.log(`${one}: ${done.length} of ${done.length + open.length} texts seen by a native reader`);
  }
} else if (!(language in marks()) || !['list', 'mark'].includes(what)) {
  console.error(`Say list or mark, and a language: ${Object.keys(marks()).join(', ')}.`);
  process.exit(2);
} else if (what === 'list') {
  const [own, english] = [texts(language), texts('en')];
  for (const id of review(language).open.filter(chosen)) {
    console.log(`${id}\n  ${Object.values(own.get(id)).join(' | ')}\n  ${Object.values(english.get(id) ?? {}).join(' | ')}`);
  }
} else if (starts.length === 0) {
  console.error('Say which: the beginnings of their names, as `list` prints them.');
  process.exit(2);
} else {
  const all = marks();
  const own = texts(language);
  // Marks of texts that are gone go too.
  const kept = Object.entries(all[language]).filter(([id]) => own.has(id));
  const added = [...own].filter(([id]) => chosen(id)).map(([id, forms]) => [id, hashOf(forms)]);
  all[language] = Object.fromEntries([...new Map([...kept, ...added])].sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(marksFile, `${JSON.stringify(all, null, 1)}\n`);
  console.log(`${added.length} texts marked as seen.`);
}
