// After the build: a .br and a .gz beside everything that compresses, the weight each role downloads first, and the
// share of messages a native reader has seen. Over budget is a failed build.
import { readFileSync, readdirSync, statSync, writeFileSync, rmSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const budgets = { manager: 30, officer: 60, committee: 120, admin: 120, css: 12 };

const files = (dir) => readdirSync(dir).flatMap((name) => (statSync(join(dir, name)).isDirectory() ? files(join(dir, name)) : [join(dir, name)]));
const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'));
rmSync(join(dist, 'manifest.json'));

const weight = new Map();
for (const file of files(dist)) {
  if (!['.js', '.css', '.html', '.svg', '.json', '.txt'].includes(extname(file))) continue;
  const raw = readFileSync(file);
  const br = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } });
  const gz = gzipSync(raw, { level: 9 });
  writeFileSync(`${file}.br`, br);
  writeFileSync(`${file}.gz`, gz);
  weight.set(relative(dist, file), { raw: raw.length, br: br.length, gz: gz.length });
}

/** A chunk with everything it imports at once. */
function closure(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const next of chunk.imports ?? []) closure(next, seen);
  return seen;
}
const find = (part) => Object.keys(manifest).find((key) => key.includes(part)) ?? (() => { throw new Error(`no chunk for ${part}`); })();
const sum = (names, coding) => [...names].reduce((total, name) => total + (weight.get(name)?.[coding] ?? 0), 0);
const kb = (bytes) => (bytes / 1000).toFixed(1).padStart(6);

let over = false;
console.log('\nFirst load, kB of JavaScript (dearest language)      br     gz   budget');
for (const role of ['manager', 'officer', 'committee', 'admin']) {
  const loads = ['tg', 'ru', 'en'].map((language) => {
    const seen = closure(find('index.html'));
    closure(find(`src/${role}/index.ts`), seen);
    closure(find(`messages/${language}/base`), seen);
    closure(find(`messages/${language}/${role}`), seen);
    return { br: sum(seen, 'br'), gz: sum(seen, 'gz') };
  });
  const [br, gz] = [Math.max(...loads.map((load) => load.br)), Math.max(...loads.map((load) => load.gz))];
  if (br > budgets[role] * 1000) over = true;
  console.log(`  ${role.padEnd(48)}${kb(br)} ${kb(gz)}   ${budgets[role]}`);
}
const css = [...weight.keys()].filter((name) => name.endsWith('.css'));
console.log(`  ${'styles, all pages'.padEnd(48)}${kb(sum(css, 'br'))} ${kb(sum(css, 'gz'))}   ${budgets.css}`);
if (sum(css, 'br') > budgets.css * 1000) over = true;

const reviewed = JSON.parse(readFileSync(new URL('../src/messages/reviewed.json', import.meta.url), 'utf8'));
for (const language of ['tg', 'ru']) {
  const keys = Object.keys(JSON.parse(readFileSync(new URL(`../src/messages/${language}.json`, import.meta.url), 'utf8')));
  const seen = keys.filter((key) => reviewed[language]?.includes(key)).length;
  console.log(`  ${`messages seen by a native reader, ${language}`.padEnd(48)}${seen} of ${keys.length}`);
}
if (over) {
  console.error('\nOver budget: see the table.');
  process.exit(1);
}
