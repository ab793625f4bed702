// The service worker from the page's side: it is asked for once the page is usable, looked after now and then, and a
// new release waits until the person says so.

/** A browser that demands trusted types takes the worker's address from a policy only; ours passes one address. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string };
}

const path = '/sw.js';
const lookEvery = 60 * 60_000;

function address(): string {
  const trusted = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  const only = (url: string) => {
    if (url !== path) throw new TypeError(url);
    return url;
  };
  return trusted ? trusted.createPolicy('panoh', { createScriptURL: only }).createScriptURL(path) : path;
}

/** Registers the worker. `found` is told how to move to a new release when one is there. */
export async function startWorker(found: (reload: () => void) => void): Promise<void> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!workers) return;
  const registration = await workers.register(address(), { updateViaCache: 'none' });
  const offer = () => {
    // Without a worker in charge this is the first release here: nothing to ask.
    if (!registration.waiting || !workers.controller) return;
    found(() => {
      workers.addEventListener('controllerchange', () => location.reload(), { once: true });
      if (registration.waiting) registration.waiting.postMessage('take over');
      else location.reload();
    });
  };
  offer();
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', offer));
  let looked = Date.now();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible' || Date.now() - looked < lookEvery) return;
    looked = Date.now();
    void registration.update().catch(() => undefined);
  });
}
