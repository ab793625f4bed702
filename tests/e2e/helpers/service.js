// The program as an operator starts it: `panoh serve` over an empty database, with everything asked for that it asks for,
// under a name that a browser makes passkeys for. Nobody has an account: the link it prints is the only way in.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { binary } from './server.js';
import { CHROMIUM, CHROMIUM_FLAGS } from './stage.js';
import { assertAccessible, assertNoSidewaysScroll, watch } from './watch.js';

const READY_WITHIN_MS = 60_000;

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** @returns {Promise<Service>} */
export async function startService() {
  const dir = await mkdtemp(path.join(tmpdir(), 'panoh-serve-'));
  const port = await freePort();
  const mailDir = path.join(dir, 'mail');
  const settings = { DATA_DIR: dir, LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: `http://localhost:${port}`, MAIL: `folder:${mailDir}` };
  const env = Object.entries(settings).map(([name, value]) => [`PANOH_${name}`, value]);
  const child = spawn(binary, ['serve'], { cwd: dir, env: { ...process.env, ...Object.fromEntries(env) }, stdio: ['ignore', 'pipe', 'pipe'] });
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    const deadline = setTimeout(killed, 10_000);
    await ended;
    clearTimeout(deadline);
    process.removeListener('exit', killed);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const link = await printed(child, /^First administrator: (\S+)$/m, () => log);
    const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: CHROMIUM_FLAGS });
    return new Service({ url: settings.PUBLIC_URL, link, mailDir, browser, stop, log: () => log });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the program says on its way out to whoever started it. */
function printed(child, pattern, log) {
  return new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => reject(new Error(`not ready after ${READY_WITHIN_MS / 1000} s: ${text}\n${log()}`)), READY_WITHIN_MS);
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`the program ended with ${code}:\n${log()}`));
    });
    child.stdout.setEncoding('utf8').on('data', (more) => {
      text += more;
      const found = pattern.exec(text)?.[1];
      if (!found) return;
      clearTimeout(late);
      resolve(found);
    });
  });
}

class Service {
  #watches = new WeakMap();

  constructor(parts) {
    Object.assign(this, parts);
  }

  /** A browser of somebody's own. @param {{ language?: 'tg' | 'ru' | 'en', width?: number }} look */
  async browserOf({ language = 'en', width = 1280 } = {}) {
    const context = await this.browser.newContext({
      baseURL: this.url,
      viewport: { width, height: width < 600 ? 740 : 900 },
      locale: language,
      timezoneId: 'Asia/Dushanbe',
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(15_000);
    return context;
  }

  /** @param {import('playwright-core').BrowserContext} context */
  async open(context, route = '/') {
    const page = await context.newPage();
    const seen = watch(page, this.url);
    for (const refusal of ['401 /api/v1/', '403 /api/v1/', '404 /api/v1/tickets', '422 /api/v1/']) seen.expect(refusal);
    this.#watches.set(page, seen);
    await page.goto(route);
    return page;
  }

  async check(page) {
    await assertNoSidewaysScroll(page);
    await assertAccessible(page);
    this.#watches.get(page).assertClean();
  }

  async close() {
    await this.browser.close();
    await this.stop();
  }
}

/** An authenticator in software that says yes to everything it is asked. */
export async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
  return { refuse: (no = true) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: !no }) };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What an authenticator app shows (RFC 6238), `ahead` steps of half a minute from now: each code serves once. */
export function codeOf(secret, ahead = 0) {
  const bits = Array.from(secret.replace(/\s/g, ''), (letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = mac[mac.length - 1] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Waits until no code given before can be that of this moment. */
export async function nextCode(secret, used) {
  while (used.has(codeOf(secret))) await new Promise((resolve) => setTimeout(resolve, 500));
  const code = codeOf(secret);
  used.add(code);
  return code;
}
