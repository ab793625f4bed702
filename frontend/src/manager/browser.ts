// Showing reminders in this browser: what it is able to do, and its subscription at its push service. Which of the
// server's entries is this browser is remembered here, by an id that says nothing.
import type { BrowserBody } from '../wire';

const remembered = 'push';
/** How long the service worker may take to be there; on the first visit it comes a little after the page. */
const patience = 20_000;

export const able = (): boolean => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
export const denied = (): boolean => Notification.permission === 'denied';

export function ownId(): string | null {
  try {
    return localStorage.getItem(remembered);
  } catch {
    return null;
  }
}
export function keepId(id: string | null): void {
  try {
    if (id) localStorage.setItem(remembered, id);
    else localStorage.removeItem(remembered);
  } catch {
    // Then this browser is one of the others in the list.
  }
}

/** The subscription this browser has, if any. */
export async function present(): Promise<PushSubscription | null> {
  const worker = await navigator.serviceWorker.getRegistration();
  return (await worker?.pushManager.getSubscription()) ?? null;
}

const bytes = (base64url: string) => Uint8Array.from(atob(base64url.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const same = (a: ArrayBuffer | null | undefined, b: Uint8Array) => !!a && a.byteLength === b.length && new Uint8Array(a).every((byte, at) => byte === b[at]);

/** Asks the person, and then the browser. `null`: the person said no. Call it on a tap only. */
export async function subscribe(publicKey: string): Promise<BrowserBody | null> {
  if ((await Notification.requestPermission()) !== 'granted') return null;
  const worker = await Promise.race([
    navigator.serviceWorker.ready,
    new Promise<never>((_, fail) => setTimeout(() => fail(new Error('no service worker')), patience)),
  ]);
  const key = bytes(publicKey);
  let subscription = await worker.pushManager.getSubscription();
  // Of another installation, or from before its key was made anew: nobody can write to it.
  if (subscription && !same(subscription.options.applicationServerKey, key)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = subscription.toJSON();
  return { endpoint: endpoint ?? '', keys: { p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' } };
}
