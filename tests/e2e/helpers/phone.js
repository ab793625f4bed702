// A phone: a browser with a memory of its own that can be killed and opened again, and a line that can be taken away.
import { mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { CHROMIUM, CHROMIUM_FLAGS, fillInSignIn, settled } from './stage.js';
import { watch } from './watch.js';

/** @param {{ language?: 'tg' | 'ru' | 'en', width?: number, height?: number, url?: string }} look `url`: not the stage's, but a line to it */
export async function takePhone(stage, { language = 'en', width = 320, height = width < 600 ? 740 : 900, url = stage.url } = {}) {
  const memory = await mkdtemp(path.join(tmpdir(), 'panoh-phone-'));
  return new Phone(memory, { language, width, height, url });
}

class Phone {
  #watches = [];

  constructor(memory, look) {
    Object.assign(this, { memory, look });
  }

  /** Switches the phone on and opens the app. */
  async open({ offline = false, route = '/' } = {}) {
    this.context = await chromium.launchPersistentContext(this.memory, {
      executablePath: CHROMIUM,
      headless: true,
      args: CHROMIUM_FLAGS,
      baseURL: this.look.url,
      viewport: { width: this.look.width, height: this.look.height },
      locale: this.look.language,
      timezoneId: 'Asia/Dushanbe',
      reducedMotion: 'reduce',
      offline,
    });
    this.context.setDefaultTimeout(15_000);
    this.page = this.context.pages()[0] ?? (await this.context.newPage());
    const seen = watch(this.page, this.look.url, { lineMayBreak: true });
    // A browser that was killed has forgotten its session, as browsers do.
    if (this.#watches.length) seen.expect('401 /api/v1/');
    this.#watches.push(seen);
    await this.page.goto(route);
    await settled(this.page);
    return this.page;
  }

  async signIn(account) {
    await fillInSignIn(this.page, account);
    await settled(this.page);
  }

  /** Waits until the app is whole on the phone: from then on it opens without a line. */
  async kept() {
    await this.page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }));
    });
    // Chromium writes the list of what it has put aside a moment later; reports, which matter, it writes at once.
    await this.page.waitForTimeout(1500);
  }

  offline(yes = true) {
    return this.context.setOffline(yes);
  }

  /** A refusal that the test provokes on purpose. */
  expectRefusal(refusal) {
    this.#watches.at(-1).expect(refusal);
  }

  /** SIGKILL: nothing is said goodbye to and nothing written down any more; what the phone remembers stays. */
  async kill() {
    const gone = this.context.waitForEvent('close');
    // Chromium's own lock on its profile names its process: "host-1234".
    const owner = await readlink(path.join(this.memory, 'SingletonLock'));
    process.kill(Number(owner.split('-').at(-1)), 'SIGKILL');
    await gone;
  }

  /** Puts the phone away for good: fails if a page did on the way what no page may do. */
  async away() {
    await this.context.close();
    await rm(this.memory, { recursive: true, force: true, maxRetries: 5 });
    for (const seen of this.#watches) seen.assertClean();
  }
}
