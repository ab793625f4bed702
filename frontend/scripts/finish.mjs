// After the build: what the service worker keeps is written into it, a .br and a .gz beside everything that compresses,
// the weight each role downloads first, and the share of texts a native reader has seen. Over budget is a failed build.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync, rmSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { marks, review } from './texts.mjs';

const dist = new URL('../dist/', import.meta.url).pathname;
const budgets = { manager: 30, managerLater: 35, officer: 60, committee: 120, admin: 120, css: 12, kept: 120 };
const languages = ['tg', 'ru', 'en'];

const files = (dir) => readdirSync(dir).flatMap((name) => (statSync(join(dir, name)).isDirectory() ? files(join(dir, name)) : [join(dir, name)]));
const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'));
rmSync(join(dist, 'manifest.json'));

/**
 * What opens without a line: the shell and everything a manager may open, in each language. Other roles' pages and
 * the glossary and one's own safety, which ask the server, are kept by the worker as they are used.
 */
function kept() {
  const left = /src\/(officer|committee|admin|glossary|safety)\/|messages\/\w+\/(officer|committee|admin|glossary|safety)\b/;
  const seen = new Set();
  const follow = (key) => {
    const chunk = manifest[key];
    if (!chunk || seen.has(chunk.file) || left.test(key)) return;
    for (const file of [chunk.file, ...(chunk.css ?? [])]) seen.add(file);
    for (const next of [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])]) follow(next);
  };
  follow(find('index.html'));
  for (const chunk of Object.values(manifest)) if (chunk.file.endsWith('.css')) seen.add(chunk.file);
  return [...seen, 'icon.svg', 'icon-192.png', 'manifest.webmanifest'];
}

/** The worker learns its release: the page by its hash, the files it keeps, and a name made of both. */
function writeRelease() {
  const page = createHash('sha256').update(readFileSync(join(dist, 'index.html'))).digest('hex');
  const names = kept().map((name) => `/${name}`);
  const code = readFileSync(join(dist, 'sw.js'), 'utf8');
  const unhashed = ['icon.svg', 'icon-192.png', 'manifest.webmanifest'].map((name) => readFileSync(join(dist, name)));
  const id = createHash('sha256').update([page, code, ...names].join('\n')).update(Buffer.concat(unhashed)).digest('hex').slice(0, 12);
  if (!code.includes('__RELEASE__')) throw new Error('the worker has no place for its release');
  const written = { id, page, files: names };
  writeFileSync(join(dist, 'sw.js'), code.replace('__RELEASE__', JSON.stringify(written)));
  return written;
}
const release = writeRelease();

const weight = new Map();
for (const file of files(dist)) {
  if (!['.js', '.css', '.html', '.svg', '.json', '.txt', '.webmanifest'].includes(extname(file))) continue;
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
function find(part) {
  const key = Object.keys(manifest).find((name) => name.includes(part));
  if (!key) throw new Error(`no chunk for ${part}`);
  return key;
}
const sum = (names, coding) => [...names].reduce((total, name) => total + (weight.get(name)?.[coding] ?? 0), 0);
const kb = (bytes) => (bytes / 1000).toFixed(1).padStart(6);

let over = false;
/** A line of the table; `most` in kB of brotli. */
function line(what, names, most) {
  const [br, gz] = [sum(names, 'br'), sum(names, 'gz')];
  if (br > most * 1000) over = true;
  console.log(`  ${what.padEnd(48)}${kb(br)} ${kb(gz)}   ${most}`);
  if (process.env.VERBOSE) console.log([...names].map((name) => `    ${name} ${weight.get(name)?.br}`).join('\n'));
}
/** What somebody with this role downloads in the language that is dearest, with `more` if asked for. */
function first(role, ...more) {
  const loads = languages.map((language) => {
    const seen = closure(find('index.html'));
    for (const part of [`src/${role}/index.ts`, `messages/${language}/base`, `messages/${language}/${role}`, ...more]) closure(find(part), seen);
    return seen;
  });
  return loads.reduce((dear, load) => (sum(load, 'br') > sum(dear, 'br') ? load : dear));
}
console.log('\nFirst load, kB of JavaScript (dearest language)      br     gz   budget');
line('manager', first('manager'), budgets.manager);
line('manager, with what loads after the first paint', first('manager', 'src/queue/index', 'src/lib/worker', 'src/manager/provide', 'live-'), budgets.managerLater);
for (const role of ['officer', 'committee', 'admin']) line(role, first(role), budgets[role]);
line('styles, all pages', [...weight.keys()].filter((name) => name.endsWith('.css')), budgets.css);
line('kept by the service worker to work without a line', ['sw.js', ...release.files.map((file) => file.slice(1))], budgets.kept);

for (const language of Object.keys(marks())) {
  const { done, open } = review(language);
  console.log(`  ${`texts seen by a native reader, ${language}`.padEnd(48)}${done.length} of ${done.length + open.length}`);
}
if (over) {
  console.error('\nOver budget: see the table.');
  process.exit(1);
}
