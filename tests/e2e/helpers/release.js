// The release before this one: the same app with other names for all its hashed files, and a server in front of the
// program that serves it, until the program's own release takes its place.
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { repository } from './server.js';

const dist = path.join(repository, 'frontend/dist');
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.png': 'image/png', '.webmanifest': 'application/manifest+json' };
const isText = (name) => ['.html', '.js', '.css'].includes(path.extname(name));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The files of the release before: names turned around, and the worker told of it. @returns {Promise<Map<string, Buffer>>} */
async function olderFiles() {
  const names = (await readdir(dist, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
    .map((entry) => path.relative(dist, path.join(entry.parentPath ?? entry.path, entry.name)));
  // "Today-B3x_9kQz.js" to "Today-zQk9_x3B.js": as long as before, and nobody else's name.
  const renamed = new Map();
  for (const name of names.filter((one) => one.startsWith('assets/'))) {
    const [, stem, hash, ending] = /^assets\/(.*)-([\w-]{8})(\.\w+)$/.exec(name);
    renamed.set(path.basename(name), `${stem}-${[...hash].reverse().join('')}${ending}`);
  }
  const files = new Map();
  for (const name of names) {
    let bytes = await readFile(path.join(dist, name));
    if (isText(name)) {
      let text = bytes.toString('utf8');
      for (const [now, then] of renamed) text = text.replaceAll(now, then);
      bytes = Buffer.from(text);
    }
    files.set(path.join(path.dirname(name), renamed.get(path.basename(name)) ?? path.basename(name)), bytes);
  }
  const page = await readFile(path.join(dist, 'index.html'));
  const worker = files.get('sw.js').toString('utf8');
  const told = worker.replaceAll(sha256(page), sha256(files.get('index.html'))).replace(/("?id"?:\s*")(\w)/, '$1older-$2');
  if (told === worker) throw new Error('the worker does not say which page it belongs to');
  files.set('sw.js', Buffer.from(told));
  return files;
}

/** @param {string} to the program's origin @returns {Promise<Front>} */
export async function startFront(to) {
  const front = new Front(new URL(to), await olderFiles());
  await front.listen();
  return front;
}

class Front {
  #agent = new http.Agent({ keepAlive: true });
  #server = http.createServer((request, response) => this.#answer(request, response));
  #renewed = false;
  #headers = {};

  constructor(to, files) {
    Object.assign(this, { to, files });
  }

  async listen() {
    // What the program says on every answer, the older one said too.
    const answer = await fetch(this.to);
    for (const name of ['content-security-policy', 'x-content-type-options', 'referrer-policy', 'permissions-policy']) {
      const value = answer.headers.get(name);
      if (value) this.#headers[name] = value;
    }
    await new Promise((resolve, reject) => this.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** The program itself takes over: nothing of the older release is there any more. */
  renew() {
    this.#renewed = true;
  }

  /** Which release a page runs, told by its main script. */
  isOlder(page) {
    return page.evaluate(() => document.querySelector('script[type="module"]').src.split('/').pop()).then((name) => this.files.has(`assets/${name}`));
  }

  async close() {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request, response) {
    const { pathname } = new URL(request.url, this.to);
    const ours = !this.#renewed && !pathname.startsWith('/api/') && pathname !== '/healthz';
    if (!ours) return this.#pass(request, response);
    const name = pathname.includes('.') ? pathname.slice(1) : 'index.html';
    const bytes = this.files.get(name);
    if (!bytes) return response.writeHead(404, this.#headers).end();
    const cache = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    response.writeHead(200, { ...this.#headers, 'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream', 'cache-control': cache }).end(bytes);
  }

  #pass(request, response) {
    const { hostname, port } = this.to;
    const onward = http.request({ hostname, port, path: request.url, method: request.method, headers: request.headers, agent: this.#agent }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }
}
