// The service worker: the app opens without a line, and every page keeps the files of its own release.
// Built by itself to /sw.js; scripts/finish.mjs writes in the release and the files it keeps. It imports nothing, knows
// nothing of reports, and never stands between a page and the API.

const worker = self as unknown as ServiceWorkerGlobalScope;

/** What the build writes in: the page first, with its hash; everything under /assets/ bears its hash in its name. */
interface Release {
  id: string;
  page: string;
  files: string[];
}
declare const __RELEASE__: Release;

const release = __RELEASE__;
const prefix = 'panoh-';
const own = prefix + release.id;

const hex = (bytes: ArrayBuffer) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Fetches the page of this very release: while servers change over, a page of another one may come. */
async function fetchPage(): Promise<Response> {
  const answer = await fetch('/', { cache: 'no-cache', credentials: 'omit' });
  const found = hex(await crypto.subtle.digest('SHA-256', await answer.clone().arrayBuffer()));
  if (!answer.ok || found !== release.page) throw new Error('the page of another release');
  return answer;
}

/**
 * One file after the other: the line belongs to what the person is doing. What another release has is not fetched; what
 * a broken line left undone is gone on with at the next try. The page comes last: with it the release is whole.
 */
async function install(): Promise<void> {
  const cache = await caches.open(own);
  for (const file of release.files) {
    if (await cache.match(file)) continue;
    const hashed = file.startsWith('/assets/');
    const answer = (hashed && (await caches.match(file))) || (await fetch(file, { cache: hashed ? 'default' : 'no-cache', credentials: 'omit' }));
    if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
    await cache.put(file, answer);
  }
  await cache.put('/', await fetchPage());
}

/** Keeps this release and the one before: a page of that one may still be open in another tab. */
async function tidy(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(prefix) && name !== own);
  await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** A file of this or the last release from the cache; other roles' files are kept once they were used. */
async function asset(request: Request): Promise<Response> {
  const cache = await caches.open(own);
  const kept = (await cache.match(request, { ignoreVary: true })) ?? (await caches.match(request, { ignoreVary: true }));
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

async function page(request: Request): Promise<Response> {
  return (await (await caches.open(own)).match('/')) ?? fetch(request);
}

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(tidy()));

// A new release waits until somebody asks for it.
worker.addEventListener('message', (event) => {
  if (event.data === 'take over') void worker.skipWaiting();
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || pathname.startsWith('/api/')) return;
  if (pathname.startsWith('/assets/') || release.files.includes(pathname)) event.respondWith(asset(request));
  else if (request.mode === 'navigate' && !pathname.includes('.') && pathname !== '/healthz') event.respondWith(page(request));
});

// One neutral sentence; a newer one takes the place of the last.
worker.addEventListener('push', (event) => {
  let text = '';
  try {
    text = String((event.data?.json() as { text?: unknown } | undefined)?.text ?? '');
  } catch {
    // Not ours to read: the title alone says that there is something to look at.
  }
  const shown = { body: text.slice(0, 200), tag: 'panoh', icon: '/icon-192.png', badge: '/icon-192.png' };
  event.waitUntil(worker.registration.showNotification('Panoh', shown));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const open = async () => {
    const [page] = await worker.clients.matchAll({ type: 'window' });
    await (page ? page.focus() : worker.clients.openWindow('/'));
  };
  event.waitUntil(open());
});
