// How soon the manager's page can be used on the line it is made for: 50 kbit/s, 500 ms there and back, a phone six
// times slower than this machine. `make bench`; E2E_PROGRAM names the program, `--runs 5` how often,
// `--keep FILE` where the figures are to be kept for docs/PERFORMANCE.md.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startLine } from '../helpers/line.js';
import { setStage } from '../helpers/stage.js';
import { words } from '../helpers/words.js';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '3' }, keep: { type: 'string' } }, allowPositionals: true, strict: false });
const runs = Math.max(1, Number(values.runs) || 3);
const LINE = { rate: 50_000 / 8, delay: 250 };
const SLOWER = 6;
/** Seconds, from the goals of the project. */
const GOALS = { first: 9, again: 2 };

const stage = await setStage();
const taken = { signIn: [], first: [], again: [], bytes: [] };
try {
  const known = await signedIn();
  for (let run = 0; run < runs; run += 1) {
    const line = await startLine({ to: stage.url, seed: run + 1 });
    try {
      await measure(line, known);
    } finally {
      await line.close();
    }
  }
} finally {
  await stage.close();
}
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const kept = [];
function row(what, numbers, goal, unit = 's') {
  const value = median(numbers);
  kept.push({ name: what, value, unit });
  console.log(`  ${what.padEnd(44)}${value.toFixed(1).padStart(6)}   ${goal ?? ''}`);
}
console.log(`\n50 kbit/s, 500 ms, CPU ${SLOWER} times slower; median of ${runs}, s            goal`);
row('sign-in page, nothing kept yet', taken.signIn);
row("manager's page, nothing kept yet", taken.first, GOALS.first);
row("manager's page again", taken.again, GOALS.again);
row('downloaded for her first page, kB', taken.bytes.map((bytes) => bytes / 1000), undefined, 'kB');
if (typeof values.keep === 'string') {
  const circumstances = { date: new Date().toISOString(), what: 'median of ' + runs };
  await mkdir(path.dirname(values.keep), { recursive: true });
  await writeFile(values.keep, JSON.stringify({ section: 'slow line', circumstances, rows: kept }, null, 2));
}

/** Cookies of a manager. */
async function signedIn() {
  const page = await stage.signIn('manager', { width: 320, language: 'tg' });
  const { cookies } = await page.context().storageState();
  await page.context().close();
  return { cookies, origins: [] };
}

async function measure(line, known) {
  line.quality = LINE;
  taken.signIn.push(await usable(await blank(), line, 'input[type="password"]', true));
  const context = await blank(known);
  const confirm = `button:text-matches("${words('tg')('today.confirm').source.replaceAll('"', '\\"')}")`;
  const before = line.bytes.toClient;
  taken.first.push(await usable(context, line, confirm));
  taken.bytes.push(line.bytes.toClient - before);
  // What she opens tomorrow: the app is on the phone by then. The line may be good while it is put there.
  line.quality = {};
  const page = await context.newPage();
  await page.goto(line.url);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }));
  });
  await page.close();
  line.quality = LINE;
  taken.again.push(await usable(context, line, confirm));
  await context.close();
}

function blank(storageState) {
  return stage.browser.newContext({ viewport: { width: 320, height: 740 }, locale: 'tg', timezoneId: 'Asia/Dushanbe', storageState });
}

/** Seconds until this can be pressed, in a new tab. */
async function usable(context, line, what, last = false) {
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  const began = performance.now();
  await page.goto(line.url, { waitUntil: 'commit' });
  const button = page.locator(what).first();
  await button.waitFor({ timeout: 60_000 });
  // It answers: the page takes the focus there.
  await button.focus();
  const seconds = (performance.now() - began) / 1000;
  await page.close();
  if (last) await context.close();
  return seconds;
}
