// The digest of each rhythm in three languages as its readers get it: by a parser and a verifier that are not ours, in
// Chromium at the width of a telephone and of a mail program, with axe, and by what mail programs are known to know.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rm } from 'node:fs/promises';
import { digestWithTables } from '../helpers/digest.js';
import { DOMAIN, open, sentLetter, signingKey, unknownTo, verdict } from '../helpers/mail.js';
import { ask, tell } from '../helpers/placement.js';
import { LANGUAGES, setStage } from '../helpers/stage.js';
import { assertNoSidewaysScroll, objections } from '../helpers/watch.js';

const RHYTHMS = {
  daily: { cadence: 'daily', time: '08:30' },
  weekly: { cadence: 'weekly', weekday: 'monday', time: '08:30' },
  monthly: { cadence: 'monthly', day: 5, time: '08:30' },
  first_working_day: { cadence: 'first_working_day', time: '08:30' },
  quarterly: { cadence: 'quarterly', time: '08:30' },
  half_yearly: { cadence: 'half_yearly', time: '08:30' },
  cron: { cadence: 'cron', cron: '0 8 * * mon,thu' },
};
const WIDTHS = [320, 600];

/** What some mail program does not know and no reader misses: each loses an ornament, or a help that others still have. */
const DISPENSABLE = new Set([
  // Corners are square, lines break elsewhere, figures are of unequal width, the hand is an arrow.
  'border-radius', 'text-wrap', 'cursor', 'outline', 'word-spacing', 'word-break', 'table-layout', 'border-spacing', 'caption-side', 'white-space',
  // One column needs no width of its own, and every style that matters stands on its element.
  '@media', '<style> element', 'Chaining selectors', 'Descendant combinator', 'ID selector', 'Type selector', 'Class selector', 'max-width',
  // The line shown in the list of letters: where it is not hidden it is one more true sentence.
  'display:none', 'opacity', 'max-height property', 'overflow',
  // It is drawn light whoever asks; links open where the program opens links.
  'color-scheme CSS property', 'color-scheme meta tag', 'target attribute',
  // The page's own element gives way to the program's.
  '<body> element', 'height property', 'aria-label attribute', 'role attribute',
]);

let stage;
let admin;
let key;
before(async () => {
  key = await signingKey('rsa');
  stage = await signedStage(key);
  admin = await stage.signIn('admin', { width: 1280, language: 'en' });
});
after(async () => {
  await stage?.close();
  await rm(key.dir, { recursive: true, force: true });
});

async function signedStage({ config }) {
  process.env.PANOH_CONFIG = config;
  try {
    return await setStage();
  } finally {
    delete process.env.PANOH_CONFIG;
  }
}

/** Somebody makes a digest of this rhythm and sends it to herself. */
async function letterOf(page, mailDir, rhythm, language, extra = {}) {
  const plan = { name: `Mail ${Object.keys(rhythm)} ${Math.random()}`.slice(0, 60), active: false, attach_csv: false, attach_xlsx: false, ...rhythm, ...extra };
  const schedule = await tell(page, '/digest-schedules', plan);
  assert.equal(schedule.status, 201, JSON.stringify(schedule));
  const made = await tell(page, `/digest-schedules/${schedule.body.id}/test`, { language });
  assert.equal(made.status, 202, JSON.stringify(made));
  const digest = await ask(page, `/digests/${made.body.digest_id}?language=${language}`);
  return sentLetter(mailDir, digest.letters_list[0].id);
}

for (const [name, rhythm] of Object.entries(RHYTHMS)) {
  for (const language of LANGUAGES) {
    test(`a ${name} digest in ${language} is small, closed, signed, legible and open to everybody`, async () => {
      const raw = await letterOf(admin, stage.server.mailDir, rhythm, language);
      assert.ok(raw.length <= 300_000, `${raw.length} bytes`);
      assert.deepEqual(await verdict(raw, key.record), [{ domain: DOMAIN, result: 'pass', algo: 'rsa-sha256' }]);

      const mail = await open(raw);
      assert.ok(Buffer.byteLength(mail.html) <= 60_000, `${Buffer.byteLength(mail.html)} bytes of HTML`);
      assert.doesNotMatch(mail.subject, /\d/, 'no number on a locked screen');
      assert.deepEqual(mail.header('auto-submitted'), ['auto-generated']);
      const bad = [...unknownTo(mail.html)].filter(([title]) => !DISPENSABLE.has(title));
      assert.deepEqual(bad, [], 'every mail program knows what the letter cannot do without');

      for (const width of WIDTHS) {
        const context = await stage.browser.newContext({ viewport: { width, height: 800 }, javaScriptEnabled: true });
        const page = await context.newPage();
        const foreign = [];
        page.on('request', (request) => /^https?:/.test(request.url()) && foreign.push(request.url()));
        await page.setContent(mail.shown, { waitUntil: 'load' });
        await stage.picture(page, `mail-${name}-${language}-${width}`);
        await assertNoSidewaysScroll(page);
        // A letter is an article on the mail program's page, whose main part is the program's to name.
        const told = (await objections(page)).filter((one) => !one.startsWith('landmark-one-main '));
        assert.deepEqual(told, [], told.join('\n'));
        assert.deepEqual(foreign, [], 'a letter asks nobody for anything');
        assert.equal(await page.locator('html').getAttribute('lang'), language);
        for (const picture of await page.locator('img').all()) {
          assert.ok((await picture.getAttribute('alt')).length > 40, 'the picture says what it shows');
          assert.ok(await picture.evaluate((img) => img.naturalWidth === 1120), 'drawn for screens of twice the sharpness');
        }
        await context.close();
      }
    });
  }
}

test('tables travel with the letters that readers get, and are the ones that can be fetched later', async () => {
  const digest = await digestWithTables(admin);
  const raw = await sentLetter(stage.server.mailDir, digest.letters_list[0].id);
  assert.ok(raw.length <= 300_000, `${raw.length} bytes`);
  const { files, html } = await open(raw);
  const [, language] = html.match(/<html[^>]* lang="(\w+)"/);
  assert.deepEqual(files.map(({ name }) => name.replace(/\d{4}-\d\d-\d\d/, 'DAY')), ['panoh-DAY.csv', 'panoh-DAY.xlsx']);
  const second = await stage.signIn('admin', { language: 'en', account: 1 });
  for (const [index, format] of ['csv', 'xlsx'].entries()) {
    // They name shelters: each time they leave, another administrator has agreed.
    const { body: asked } = await tell(admin, '/approvals', { kind: 'export', what: `digest:${digest.id}` });
    assert.equal((await tell(second, `/approvals/${asked.id}/approve`, {})).status, 200);
    const fetched = await admin.evaluate(async (at) => [...new Uint8Array(await (await fetch(at)).arrayBuffer())], `/api/v1/digests/${digest.id}/export?language=${language}&format=${format}&approval=${asked.id}`);
    assert.ok(Buffer.from(fetched).equals(files[index].bytes), format);
  }
  await stage.leave(second);
});

test('a letter that somebody sends to herself carries no tables that name shelters', async () => {
  const raw = await letterOf(admin, stage.server.mailDir, RHYTHMS.half_yearly, 'tg', { attach_csv: true, attach_xlsx: true });
  assert.deepEqual((await open(raw)).files, []);
});

test('a letter that somebody changed on its way is no longer the domain’s, with either kind of key', async () => {
  const young = await signingKey('ed25519');
  const other = await signedStage(young);
  try {
    const page = await other.signIn('admin', { width: 1280, language: 'en' });
    const raw = await letterOf(page, other.server.mailDir, RHYTHMS.daily, 'ru');
    const passes = [{ domain: DOMAIN, result: 'pass', algo: 'ed25519-sha256' }];
    assert.deepEqual(await verdict(raw, young.record), passes);
    const text = raw.toString('latin1');
    for (const changed of [
      text.replace(/^Subject: .*$/m, 'Subject: Something else'),
      text.replace(/^To: .*$/m, 'To: somebody@else.example'),
      `${text}more\r\n`,
      text.replace(/^From: /m, 'Reply-To: else@else.example\r\nFrom: '),
    ]) {
      assert.notEqual(changed, text);
      const [{ result }] = await verdict(Buffer.from(changed, 'latin1'), young.record);
      assert.notEqual(result, 'pass');
    }
    assert.notEqual((await verdict(raw, key.record))[0].result, 'pass', 'by the key of another');
  } finally {
    await other.close();
    await rm(young.dir, { recursive: true, force: true });
  }
});
