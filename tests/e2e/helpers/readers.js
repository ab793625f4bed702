// The folder that the demo puts its letters into, read as a mail program would.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const WITHIN_MS = 60_000;

/** Quoted-printable or base64 as the text that it stands for. */
function decoded(body, encoding) {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Head and body; the lines of a field that goes on are one. */
function split(raw) {
  const end = raw.indexOf('\r\n\r\n');
  return [raw.slice(0, end).replace(/\r\n[ \t]+/g, ' '), raw.slice(end + 4)];
}
const field = (head, name) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? '';

/** The part of this type, wherever in the letter it lies. */
function part(raw, type) {
  const [head, body] = split(raw);
  const own = field(head, 'Content-Type');
  const boundary = /boundary="?([^";]+)"?/i.exec(own)?.[1];
  if (!boundary) return own.startsWith(type) ? decoded(body, field(head, 'Content-Transfer-Encoding').toLowerCase()) : undefined;
  const parts = body.split(`--${boundary}`).slice(1, -1);
  return parts.map((one) => part(one.replace(/^\r\n/, ''), type)).find((found) => found !== undefined);
}

/** @returns {Promise<{ to: string, list: string, unsubscribe: string, text: string, html: string }[]>} the letters to this address, oldest first */
export async function lettersTo(dir, address) {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.eml')).sort();
  const raws = await Promise.all(names.map((name) => readFile(path.join(dir, name), 'latin1')));
  return raws
    .map((raw) => ({ raw, head: split(raw)[0] }))
    .filter(({ head }) => field(head, 'To').includes(address))
    .map(({ raw, head }) => ({
      to: field(head, 'To'),
      list: field(head, 'List-Id'),
      unsubscribe: /<(https?:[^>]+)>/.exec(field(head, 'List-Unsubscribe'))?.[1] ?? '',
      text: part(raw, 'text/plain') ?? '',
      html: part(raw, 'text/html') ?? '',
    }));
}

/** The first letter to this address that is so, as soon as it lies there. */
export async function letterTo(dir, address, isIt = () => true) {
  for (const since = Date.now(); Date.now() - since < WITHIN_MS; await wait(500)) {
    const found = (await lettersTo(dir, address)).find(isIt);
    if (found) return found;
  }
  throw new Error(`no such letter to ${address} within ${WITHIN_MS / 1000} s`);
}
