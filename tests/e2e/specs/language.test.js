// What the app prints in each language, in the browser itself: Chromium's Intl knows no Tajik, so only a test in it shows
// that nothing leans on Intl. The app's own modules are bundled as the build bundles them, loaded into a blank page, and
// asked for every case of data/language/golden.json, which the server's tests print too.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { ask, managerOf, tell } from '../helpers/placement.js';
import { repository } from '../helpers/server.js';
import { setStage, settled } from '../helpers/stage.js';
import { words } from '../helpers/words.js';

const frontend = path.join(repository, 'frontend');
const golden = JSON.parse(readFileSync(path.join(repository, 'data/language/golden.json'), 'utf8'));

/** `src/lib/goldens.ts` with all it imports, as one module. */
async function bundle() {
  const { build, loadConfigFromFile } = await import(pathToFileURL(createRequire(`${frontend}/package.json`).resolve('vite')).href);
  const { config } = await loadConfigFromFile({ command: 'build', mode: 'production' }, path.join(frontend, 'vite.config.ts'), frontend);
  const built = await build({
    root: frontend,
    configFile: false,
    logLevel: 'error',
    plugins: config.plugins,
    build: {
      write: false,
      target: config.build.target,
      lib: { entry: path.join(frontend, 'src/lib/goldens.ts'), formats: ['es'], fileName: 'goldens' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  const chunks = [built].flat().flatMap(({ output }) => output).filter(({ type }) => type === 'chunk');
  assert.equal(chunks.length, 1, 'one module');
  return chunks[0].code;
}

let browser;
before(async () => (browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })));
after(() => browser?.close());

test('Chromium prints the goldens', async () => {
  const code = await bundle();
  const context = await browser.newContext({ locale: 'en-US', timezoneId: 'America/New_York' });
  const page = await context.newPage();
  await page.route('http://blank.test/**', (route) => {
    const module = new URL(route.request().url()).pathname === '/goldens.js';
    return route.fulfill(module ? { contentType: 'text/javascript', body: code } : { contentType: 'text/html', body: '<!doctype html><title>blank</title>' });
  });
  await page.goto('http://blank.test/');
  await page.clock.setFixedTime(golden.relative.now);
  const { looked, wrong } = await page.evaluate(async (cases) => (await import('/goldens.js')).compareAll(cases), golden);
  assert.deepEqual(wrong, []);
  assert.ok(looked > 2000, `${looked} cases`);
  await context.close();
});

test('the language chosen in the menu is that of the page at once, and of the next letter', async () => {
  const stage = await setStage();
  try {
    const officer = await stage.signIn('officer', { language: 'en' });
    const { districts } = await ask(officer, '/geography');
    const household = { household: { adults: [{ age_band: '18_59' }], children: [] }, from_district: districts[3].code };
    const { body: found } = await tell(officer, '/suggestions', household);
    const shelter = found.suggestions[0].shelter_id;

    const manager = await managerOf(stage, shelter, { language: 'en', width: 320 });
    const { email } = await ask(manager, '/me');
    for (const [language, name] of [['tg', 'Тоҷикӣ'], ['ru', 'Русский']]) {
      await manager.locator('details.menu summary').click();
      const kept = manager.waitForResponse((response) => response.url().endsWith('/api/v1/me/language'));
      await manager.getByRole('button', { name }).click();
      assert.equal((await kept).status(), 204);
      await settled(manager);
      assert.equal(await manager.locator('html').getAttribute('lang'), language);
      assert.ok((await manager.locator('body').innerText()).includes(words(language)('today.title')), 'the page speaks it without being loaded again');
      await manager.locator('details.menu summary').click();

      const before = (await lettersTo(stage, email)).length;
      const { body: referral } = await tell(officer, '/referrals', household);
      const hold = await tell(officer, `/referrals/${referral.id}/holds`, { shelter_id: shelter });
      assert.equal(hold.status, 201);
      const letter = await nextLetter(stage, email, before);
      assert.match(letter, new RegExp(`^Content-Language: ${language}\\r?$`, 'm'));
      // What she declines herself she is not written to about.
      assert.equal((await tell(manager, `/holds/${hold.body.id}/decline`, { reason: 'full' })).status, 200);
    }
    await stage.leave(manager);
    await stage.leave(officer);
  } finally {
    await stage.close();
  }
});

async function lettersTo(stage, email) {
  const names = (await readdir(stage.server.mailDir)).filter((name) => name.endsWith('.eml')).sort();
  const letters = await Promise.all(names.map((name) => readFile(path.join(stage.server.mailDir, name), 'utf8')));
  return letters.filter((letter) => letter.split('\r\n\r\n')[0].includes(email));
}

/** The letter that comes after the `before` there are (they are named by their time); the program looks for what is to be sent every few seconds. */
async function nextLetter(stage, email, before) {
  for (let waited = 0; waited < 60; waited += 1) {
    const letters = await lettersTo(stage, email);
    if (letters.length > before) return letters.at(-1);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`no letter to ${email}\n${stage.server.log()}`);
}
