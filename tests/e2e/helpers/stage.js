// A running program and a browser before it, with people who sign in. Specs say what they do; this file says how.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { repository, startServer } from './server.js';
import { assertAccessible, assertNoSidewaysScroll, watch } from './watch.js';

export const ROLES = ['manager', 'officer', 'committee', 'admin'];
export const LANGUAGES = ['tg', 'ru', 'en'];
export const WIDTHS = [320, 1280];

const pictures = path.join(repository, 'target/e2e');
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const CHROMIUM_FLAGS = [
  '--no-sandbox', // Chromium refuses to start as root with it
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking', // without these it calls its maker's servers
  '--disable-component-update',
  '--disable-sync',
];

/**
 * @typedef {{ language?: 'tg' | 'ru' | 'en', width?: number, height?: number, dark?: boolean, zoomed?: boolean, origin?: string, workers?: boolean, account?: number, fresh?: boolean }} Look
 * `zoomed`: a desk of 1280 by 900 at 200 %. `account`: which of the role's accounts (0 is the first). `origin`: another way to the program than
 * the straight one; the line there may be bad. `workers: false`: a browser without service workers. `fresh`: through the sign-in page even if that person has
 * signed in before, for specs that sign out.
 */

/** @param {string[]} serverArguments */
export async function setStage(serverArguments = []) {
  const server = await startServer(serverArguments);
  const browser = await chromium
    .launch({ executablePath: CHROMIUM, headless: true, args: CHROMIUM_FLAGS })
    .catch(async (error) => {
      await server.stop();
      throw error;
    });
  return new Stage(server, browser);
}

class Stage {
  #signedIn = new Map();
  #watches = new WeakMap();

  constructor(server, browser) {
    this.server = server;
    this.browser = browser;
  }

  get url() {
    return this.server.url;
  }

  async close() {
    await this.browser.close();
    await this.server.stop();
  }

  /** @returns {import('./server.js').Account} */
  account(role, which = 0) {
    const account = this.server.accounts.filter((one) => one.role === role)[which];
    if (!account) throw new Error(`the demo has no account ${which} with the role ${role}`);
    return account;
  }

  /** A page before sign-in. @param {Look} look */
  async visit(route = '/', look = {}, storageState = undefined) {
    const { language = 'en', zoomed = false, width = zoomed ? 640 : 1280, height = heightOf(width, zoomed), dark = false } = look;
    const origin = look.origin ?? this.url;
    const context = await this.browser.newContext({
      baseURL: origin,
      viewport: { width, height },
      deviceScaleFactor: zoomed ? 2 : 1,
      colorScheme: dark ? 'dark' : 'light',
      locale: language,
      timezoneId: 'Asia/Dushanbe',
      reducedMotion: 'reduce',
      storageState,
      serviceWorkers: look.workers === false ? 'block' : 'allow',
    });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    this.#watches.set(page, watch(page, origin, { lineMayBreak: look.origin !== undefined }));
    await page.goto(route);
    return page;
  }

  /** The start page of somebody with this role. @param {Look} look @returns {Promise<import('playwright-core').Page>} */
  async signIn(role, look = {}) {
    const account = this.account(role, look.account);
    let state = look.fresh ? undefined : this.#signedIn.get(account.email);
    let page = await this.visit('/', look, state);
    if (!state) {
      await fillInSignIn(page, account);
      await settled(page);
      state = await page.context().storageState();
      if (!look.fresh) this.#signedIn.set(account.email, state);
    }
    // Not before the page stands: it writes down the language it began with.
    await settled(page);
    await speak(page, look.language ?? 'en');
    await settled(page);
    return page;
  }

  /** Refusals that the test provokes on purpose: `stage.expectRefusal(page, '409 /api/v1/referrals')`. */
  expectRefusal(page, refusal) {
    this.#watches.get(page).expect(refusal);
  }

  /** Waits until the page stands still, and checks what holds for every page. @param {string} name of the picture */
  async check(page, name) {
    await settled(page);
    await this.picture(page, name);
    await assertNoSidewaysScroll(page);
    await assertAccessible(page);
    this.#watches.get(page).assertClean();
  }

  /** Changes the look of a page that is open, where it stands: as the menu, a turned phone and the evening do. @param {Look} look */
  async dress(page, { language, width, dark }) {
    if (width) await page.setViewportSize({ width, height: heightOf(width) });
    if (dark !== undefined) await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    if (!language || (await page.locator('html').getAttribute('lang')) === language) return;
    const menu = page.locator('details.menu');
    const folded = (await menu.count()) > 0;
    if (folded) await menu.locator('summary').click();
    await (folded ? menu : page).locator(`button[lang="${language}"]`).click();
    await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
    if (folded) await menu.locator('summary').click();
    await settled(page);
  }

  /** A picture, and what holds for every page, of one that the stage did not open. */
  async look(page, name) {
    await this.picture(page, name);
    await assertNoSidewaysScroll(page);
    await assertAccessible(page);
  }

  async picture(page, name) {
    await mkdir(pictures, { recursive: true });
    await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
  }

  /** Ends a visit: fails if the page did anything on the way that no page may do. */
  async leave(page) {
    await page.context().close();
    this.#watches.get(page).assertClean();
  }
}

const heightOf = (width, zoomed = false) => (zoomed ? 450 : width < 600 ? 740 : 900);

export async function fillInSignIn(page, account) {
  await page.locator('input[type="email"], input[autocomplete="username"]').first().fill(account.email);
  await page.locator('input[type="password"]').fill(account.password);
  const answered = page.waitForResponse(
    (response) => new URL(response.url()).pathname === '/api/v1/session' && response.request().method() === 'POST',
  );
  await page.locator('form:has(input[type="password"]) button:not([type="button"])').click();
  const status = (await answered).status();
  if (status !== 200) throw new Error(`sign-in as ${account.email} was answered ${status}`);
  await page.locator('input[type="password"]').waitFor({ state: 'detached' });
}

/** Chooses the language as the menu does: it is remembered on the device, and the account follows. */
async function speak(page, language) {
  const status = await page.evaluate(async (wanted) => {
    localStorage.setItem('language', wanted);
    const answer = await fetch('/api/v1/me/language', {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ language: wanted }),
    });
    return answer.status;
  }, language);
  if (status !== 204) throw new Error(`the change of language was answered ${status}`);
  if ((await page.locator('html').getAttribute('lang')) !== language) await page.reload();
  await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
}

/**
 * A heading is there, of the page or of the dialog that hides it, and nothing says that it is still loading. (The event stream
 * keeps the network busy for ever.)
 */
export async function settled(page) {
  await page.locator('h1:visible, dialog[open] h2').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
}
