// The queue at work: when it tries, with what, and who hears of it. Fetched once the page is usable; a save waits for it.

import { ApiError, asApiError, request, serverNow } from '../lib/api';
import type { ReportAnswer } from '../wire';
import type { Waiting } from './entry';
import { Queue } from './queue';
import { memoryStore, openStore, type Store } from './store';

export interface Picture {
  /** What waits here of the account that is signed in, oldest first. */
  mine: Waiting[];
  /** How many reports of other accounts wait on this phone. */
  others: number;
  sending: string | null;
  /** Whether what is kept outlives the page. */
  lasting: boolean;
  /** How many were thrown away unsent. */
  lost: number;
}
/** What the page gives the queue. */
export interface Host {
  account(): string | null;
  show(picture: Picture): void;
  received(entry: Waiting, receipt: ReportAnswer): void;
  signInAgain(): Promise<boolean>;
}
export interface Handle {
  save: Queue['save'];
  dismiss: Queue['dismiss'];
  /** Tries at once. */
  hurry(): void;
}

const patience = 60_000;

async function send({ shelter, body, key }: Waiting): Promise<{ receipt: ReportAnswer } | { refusal: Waiting['refusal'] & object }> {
  try {
    const late = new Promise<never>((_, fail) => setTimeout(() => fail(new ApiError({ status: 0, code: 'offline' })), patience));
    const answer = await Promise.race([request<ReportAnswer>('POST', `/shelters/${shelter}/reports`, { body, key, once: true }), late]);
    return { receipt: answer.data };
  } catch (error) {
    const { status, code, message, errors } = asApiError(error);
    // A refusal without a code is not our server's: something between us answered for it.
    return { refusal: { status: code.startsWith('http_') && status < 500 ? 0 : status, code, detail: message, errors } };
  }
}

const alone = <T>(work: () => Promise<T>): Promise<T> =>
  navigator.locks ? (navigator.locks.request('panoh-queue', work) as Promise<T>) : work();

export async function open(host: Host): Promise<Handle> {
  const store: Store = await openStore().catch(memoryStore);
  const others = typeof BroadcastChannel === 'function' ? new BroadcastChannel('panoh-queue') : null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown: Picture = { mine: [], others: 0, sending: null, lasting: store.lasting, lost: 0 };

  const look = async () => {
    const [account, all] = [host.account(), await store.all()];
    const mine = all.filter((entry) => entry.account === account);
    shown = { mine, others: all.length - mine.length, sending: queue.sending, lasting: store.lasting, lost: queue.lost };
    host.show(shown);
  };
  const queue = new Queue(store, {
    send,
    alone,
    now: serverNow,
    account: host.account,
    chance: Math.random,
    changed: () => {
      others?.postMessage('');
      void look().catch(() => undefined);
    },
    received: host.received,
    signInAgain: () => void host.signInAgain().then((again) => again && run(true)),
  });
  function run(hopeful: boolean): void {
    clearTimeout(timer);
    const later = async () => {
      const at = await queue.next();
      clearTimeout(timer);
      if (at !== null) timer = setTimeout(() => run(false), Math.max(1000, at - serverNow()));
    };
    queue.drain(hopeful).then(later, later).catch(() => undefined);
  }
  others?.addEventListener('message', () => void look().catch(() => undefined));
  addEventListener('online', () => run(true));
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && run(true));
  // In memory only: leaving the page would lose it, so the browser asks.
  addEventListener('beforeunload', (event) => {
    if (!shown.lasting && shown.mine.length) event.preventDefault();
  });
  await look();
  run(true);
  return {
    async save(...entry) {
      if (store.lasting && !shown.mine.length) void navigator.storage?.persist?.().catch(() => undefined);
      await queue.save(...entry);
      await look();
      run(true);
    },
    async dismiss(key) {
      await queue.dismiss(key);
      await look();
    },
    hurry: () => run(true),
  };
}

/** Throws away what an account left on this phone. */
export async function wipe(account: string): Promise<void> {
  const store = await openStore();
  for (const { key, account: owner } of await store.all()) if (owner === account) await store.change(key, () => null);
}
