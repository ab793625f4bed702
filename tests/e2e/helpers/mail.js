// The demo's letters as mail programs get them: taken apart by parsers and checked by tools that are not ours.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { caniemail } from 'caniemail';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import PostalMime from 'postal-mime';

export const DOMAIN = 'panoh.example';

/**
 * A key of its own for the sender's domain, and a file of settings that names it.
 * @param {'rsa' | 'ed25519'} kind
 */
export async function signingKey(kind) {
  const { privateKey, publicKey } = generateKeyPairSync(kind, { modulusLength: 2048 });
  const dir = await mkdtemp(path.join(tmpdir(), 'panoh-dkim-'));
  const key = path.join(dir, 'dkim.pem');
  const config = path.join(dir, 'panoh.toml');
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await writeFile(
    config,
    `mail_from = "digest@${DOMAIN}"\n[mail_dkim]\ndomain = "${DOMAIN}"\nselector = "test"\nkey_file = "${key}"\n`,
  );
  const der = publicKey.export({ type: 'spki', format: 'der' });
  // RFC 8463: of Ed25519 the bare 32 bytes.
  const published = kind === 'rsa' ? der : der.subarray(-32);
  return { dir, config, record: `v=DKIM1; k=${kind}; p=${published.toString('base64')}` };
}

/** What a mail server that knows this record makes of the letter's signature. */
export async function verdict(raw, record) {
  const { results } = await dkimVerify(raw, {
    resolver: async (name, type) => {
      if (name === `test._domainkey.${DOMAIN}` && type === 'TXT') return [[record]];
      throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    },
  });
  return results.map(({ signingDomain, status, algo }) => ({ domain: signingDomain, result: status.result, algo }));
}

/** The letter of that id, as soon as it has been sent. */
export async function sentLetter(mailDir, id, within = 60_000) {
  const file = path.join(mailDir, `${id}@${DOMAIN}.eml`);
  for (const end = Date.now() + within; ; ) {
    try {
      return await readFile(file);
    } catch (error) {
      if (error.code !== 'ENOENT' || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Subject, headers, text, page with its picture inside, and the files that travel with it. */
export async function open(raw) {
  const mail = await new PostalMime().parse(raw);
  const picture = mail.attachments.find((part) => part.contentId);
  const inside = picture ? `data:${picture.mimeType};base64,${Buffer.from(picture.content).toString('base64')}` : '';
  const id = picture?.contentId.replace(/[<>]/g, '');
  return {
    subject: mail.subject,
    header: (name) => mail.headers.filter((one) => one.key === name.toLowerCase()).map((one) => one.value),
    text: mail.text,
    html: mail.html,
    shown: picture ? mail.html.replaceAll(`cid:${id}`, inside) : mail.html,
    files: mail.attachments.filter((part) => !part.contentId).map((part) => ({ name: part.filename, bytes: Buffer.from(part.content) })),
  };
}

/** What the mail programs of the Committee's readers do not know of what a page uses, by their makers' data. */
export function unknownTo(html, clients = ['gmail.*', 'outlook.*', 'mail-ru.*', 'apple-mail.*', 'yahoo.*']) {
  const unknown = new Map();
  for (const [client, issues] of caniemail({ clients, html }).issues.errors) {
    for (const { title } of issues) unknown.set(title, [...(unknown.get(title) ?? []), client]);
  }
  return unknown;
}
