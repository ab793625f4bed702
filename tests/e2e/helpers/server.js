// The program under test: `panoh demo` on a free loopback port with a folder of its own. It must not use a server that
// somebody else started.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, access, constants } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));
export const binary = path.resolve(process.env.E2E_PROGRAM ?? path.join(repository, 'target/debug/panoh'));
const READY_WITHIN_MS = 180_000;
const STOP_WITHIN_MS = 10_000;

/**
 * @typedef {{ role: string, email: string, password: string, organisation: string | null, shelter_ids: string[] }} Account
 * @typedef {{ url: string, accounts: Account[], mailDir: string, dir: string, log: () => string, stop: () => Promise<void> }} Server
 */

/** @param {string[]} extra further arguments of `panoh demo` @returns {Promise<Server>} */
export async function startServer(extra = []) {
  await access(binary, constants.X_OK).catch(() => {
    throw new Error(`no program at ${binary}: build it first, or name another in E2E_PROGRAM`);
  });
  const dir = await mkdtemp(path.join(tmpdir(), 'panoh-e2e-'));
  const child = spawn(binary, ['demo', '--port', '0', '--dir', dir, '--json', ...extra], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  const ended = new Promise((resolve) => child.once('exit', resolve));

  const stop = async () => {
    child.kill('SIGTERM');
    const deadline = setTimeout(killed, STOP_WITHIN_MS);
    await ended;
    clearTimeout(deadline);
    process.removeListener('exit', killed);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const told = await firstDocument(child, () => log);
    return { url: told.url.replace(/\/$/, ''), accounts: told.accounts, mailDir: told.mail_dir, dir, log: () => log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The JSON document that the program prints when it is ready, on one line or on many. */
function firstDocument(child, log) {
  return new Promise((resolve, reject) => {
    let printed = '';
    const late = setTimeout(
      () => reject(new Error(`not ready after ${READY_WITHIN_MS / 1000} s; it printed: ${printed}\n${log()}`)),
      READY_WITHIN_MS,
    );
    const settle = (how, value) => {
      clearTimeout(late);
      how(value);
    };
    child.once('error', (error) => settle(reject, error));
    child.once('exit', (code, signal) =>
      settle(reject, new Error(`the program ended before it was ready (${code ?? signal}):\n${log()}`)),
    );
    child.stdout.setEncoding('utf8').on('data', (text) => {
      printed += text;
      let told;
      try {
        told = JSON.parse(printed);
      } catch {
        return; // not whole yet
      }
      settle(resolve, told);
    });
  });
}
