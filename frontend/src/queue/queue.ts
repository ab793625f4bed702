// The rules of the queue. A report leaves it only after the server's answer; reports of one shelter go in the order in
// which they were saved; each belongs to the account that made it. It knows neither the network nor the database.

import type { ReportAnswer, ReportBody } from '../wire';
import { keepFor, type Refusal, type Waiting } from './entry';
import type { Store } from './store';

const firstPause = 5_000;
const longestPause = 5 * 60_000;

export type Answer = { receipt: ReportAnswer } | { refusal: Refusal };

export interface Tools {
  /** Sends once; a refusal is an answer, and `status` 0 says that nothing was heard. */
  send(entry: Waiting): Promise<Answer>;
  now(): number;
  /** Who is signed in on this page and this phone, or null where that is not sure. */
  account(): string | null;
  /** One at a time, over all tabs where the browser can say so. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Something changed. */
  changed(): void;
  received(entry: Waiting, receipt: ReportAnswer): void;
  /** The session has ended: ask for the password. */
  signInAgain(): void;
  chance?(): number;
}

/** Whether a refusal is the line's or the moment's, and not the report's. */
const passing = ({ status }: Refusal) => status === 0 || status >= 500 || [401, 408, 425, 429].includes(status);

export class Queue {
  /** The key on its way at this moment. */
  sending: string | null = null;
  /** How many of this account's reports were thrown away unsent because they were too old. */
  lost = 0;
  private running: Promise<void> | null = null;
  private again = false;

  constructor(
    private readonly store: Store,
    private readonly tools: Tools,
  ) {}

  get lasting(): boolean {
    return this.store.lasting;
  }

  /** All that waits, oldest first, whosever it is. */
  all(): Promise<Waiting[]> {
    return this.store.all();
  }

  /** Keeps a report; it is safe once this resolves. */
  async save(key: string, account: string, shelter: string, body: ReportBody, after: string | null): Promise<void> {
    const made_at = this.tools.now();
    await this.store.add({ key, account, shelter, body, made_at, after, state: 'kept', tries: 0, next_at: 0 });
    this.tools.changed();
  }

  /** Sends what may be sent. `hopeful`: there is a reason to try at once what failed before. */
  drain(hopeful = false): Promise<void> {
    if (this.running) {
      this.again ||= hopeful;
      return this.running;
    }
    this.running = this.tools
      .alone(() => this.round(hopeful))
      .finally(() => {
        this.running = null;
        if (this.again) {
          this.again = false;
          void this.drain(true).catch(() => undefined);
        }
      });
    return this.running;
  }

  private async round(hopeful: boolean): Promise<void> {
    await this.expire();
    // A shelter whose oldest report could not be sent waits with the rest: order is kept.
    const paused = new Set<string>();
    for (;;) {
      const account = this.tools.account();
      const all = await this.store.all();
      const head = all.find((entry) => entry.account === account && entry.state === 'kept' && !paused.has(entry.shelter));
      if (!head) return;
      if (!hopeful && head.next_at > this.tools.now()) paused.add(head.shelter);
      else {
        const met = await this.attempt(head.key);
        if (met === 'stop') return;
        if (met === 'pause') paused.add(head.shelter);
      }
    }
  }

  private async attempt(key: string): Promise<'on' | 'pause' | 'stop'> {
    // Counted before it goes out: from here on its body must not change, or its key would stand for two reports.
    const entry = await this.store.change(key, (old) => ({ ...old, tries: old.tries + 1 }));
    if (!entry) return 'on';
    this.sending = key;
    this.tools.changed();
    const answer = await this.tools.send(entry).finally(() => (this.sending = null));
    const met = 'receipt' in answer ? await this.land(entry, answer.receipt) : await this.refuse(entry, answer.refusal);
    this.tools.changed();
    return met;
  }

  private async land(entry: Waiting, receipt: ReportAnswer): Promise<'on'> {
    const all = await this.store.all();
    // What was written upon this one stands on it now. Where another report is in force that she had not seen, it still
    // stands on what she had seen.
    if (!receipt.conflict || receipt.applied)
      for (const { key, after } of all)
        if (after === entry.key)
          await this.store.change(key, (old) => (old.tries > 0 || !('based_on' in old.body) ? old : { ...old, body: { ...old.body, based_on: receipt.id } }));
    // There is one choice to make in a shelter. A report written before she knew of the older choice takes it over.
    let conflict = receipt.conflict ?? null;
    for (const old of all) {
      if (old.state !== 'conflict' || old.shelter !== entry.shelter || old.account !== entry.account) continue;
      if (entry.after === old.key) conflict ??= old.receipt?.conflict ?? null;
      await this.store.change(old.key, () => null);
    }
    await this.store.change(entry.key, (old) => (conflict ? { ...old, state: 'conflict', receipt: { ...receipt, conflict } } : null));
    this.tools.received(entry, receipt);
    return 'on';
  }

  private async refuse(entry: Waiting, refusal: Refusal): Promise<'on' | 'pause' | 'stop'> {
    if (refusal.status === 401 && refusal.code === 'account_disabled') {
      await this.wipe(entry.account);
      return 'stop';
    }
    if (!passing(refusal)) {
      await this.store.change(entry.key, (old) => ({ ...old, state: 'refused', refusal }));
      return 'on';
    }
    const pause = Math.min(longestPause, firstPause * 2 ** Math.min(entry.tries - 1, 10)) * (0.75 + 0.5 * (this.tools.chance?.() ?? 0.5));
    await this.store.change(entry.key, (old) => ({ ...old, next_at: this.tools.now() + pause }));
    if (refusal.status === 401) this.tools.signInAgain();
    // Where nothing is heard at all the other shelters' reports would not be heard either.
    return refusal.status === 0 || refusal.status === 401 ? 'stop' : 'pause';
  }

  /** When to try again by itself; null where nothing of this account waits. */
  async next(): Promise<number | null> {
    const account = this.tools.account();
    const moments = (await this.store.all()).flatMap((entry) => (entry.account === account && entry.state === 'kept' ? [entry.next_at] : []));
    return moments.length ? Math.min(...moments) : null;
  }

  /** Takes one away: dismissed, corrected, or decided. */
  async dismiss(key: string): Promise<void> {
    await this.store.change(key, () => null);
    this.tools.changed();
  }

  /** All that an account left here: it was disabled. */
  async wipe(account: string): Promise<void> {
    for (const entry of await this.store.all()) if (entry.account === account) await this.store.change(entry.key, () => null);
    this.tools.changed();
  }

  /** Throws away what is too old, of every account. */
  private async expire(): Promise<void> {
    const oldest = this.tools.now() - keepFor;
    const account = this.tools.account();
    for (const entry of await this.store.all()) {
      if (entry.made_at > oldest) continue;
      await this.store.change(entry.key, () => null);
      if (entry.account === account && entry.state === 'kept') this.lost += 1;
      this.tools.changed();
    }
  }
}
