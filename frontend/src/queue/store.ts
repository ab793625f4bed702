// Where reports wait: the phone's own database, or this page's memory where there is none. It knows no rule of the queue.

import { openDB, type DBSchema } from 'idb';
import type { Refusal, Waiting } from './entry';

export interface Store {
  /** Whether what is kept outlives the page. */
  readonly lasting: boolean;
  /** Everything that waits, of every account, in the order in which it was saved. */
  all(): Promise<Waiting[]>;
  add(entry: Waiting): Promise<void>;
  /** Changes one entry, or with `null` takes it away; answers how it stands now. What is gone stays gone. */
  change(key: string, by: (entry: Waiting) => Waiting | null): Promise<Waiting | null>;
}

interface Tables extends DBSchema {
  reports: { key: number; value: Waiting; indexes: { key: string } };
}

/** The phone's database. Fails where the browser has none to give: private windows, blocked storage. */
export async function openStore(name = 'panoh'): Promise<Store> {
  const db = await openDB<Tables>(name, 1, {
    upgrade(fresh) {
      const reports = fresh.createObjectStore('reports', { autoIncrement: true });
      // Twice the same key is a fault of ours: the database refuses it.
      reports.createIndex('key', 'key', { unique: true });
    },
    // A newer page wants another shape of it: this one lets go, and the next write says that it failed.
    blocking: (_old, _wanted, event) => (event.target as IDBDatabase).close(),
  });
  return {
    lasting: true,
    all: () => db.getAll('reports'),
    async add(entry) {
      // On the disk before she is told that it is kept: a battery may be pulled.
      const tx = db.transaction('reports', 'readwrite', { durability: 'strict' });
      await Promise.all([tx.store.add(entry), tx.done]);
    },
    async change(key, by) {
      const tx = db.transaction('reports', 'readwrite');
      const at = await tx.store.index('key').openCursor(key);
      const next = at ? by(at.value) : null;
      if (at) await (next ? at.update(next) : at.delete());
      await tx.done;
      return next;
    },
  };
}

/** For as long as the page stays open. */
export function memoryStore(): Store {
  let entries: Waiting[] = [];
  return {
    lasting: false,
    all: () => Promise.resolve(structuredClone(entries)),
    add: async (entry) => void entries.push(structuredClone(entry)),
    async change(key, by) {
      const old = entries.find((entry) => entry.key === key);
      const next = old ? by(structuredClone(old)) : null;
      entries = entries.flatMap((entry) => (entry.key !== key ? [entry] : next ? [next] : []));
      return next;
    },
  };
}

export type { Refusal, Waiting };
