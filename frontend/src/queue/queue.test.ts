// The rules of the queue, on the phone's database and in memory, with a clock that is set and a server that is made up.
import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Conflict, ReportAnswer, ReportBody } from '../wire';
import { keepFor, type Waiting } from './entry';
import { Queue, type Answer, type Tools } from './queue';
import { memoryStore, openStore, type Store } from './store';

const noon = Date.parse('2026-11-23T07:00:00Z');
const body = (occupied_beds: number, based_on: string | null = 'p0'): ReportBody => ({ observed_at: new Date(noon).toISOString(), rooms: [{ room_id: 'r1', occupied_beds }], based_on });
const receipt = (id: string, more: Partial<ReportAnswer> = {}): Answer => ({ receipt: { id, received_at: '', applied: true, freshness: 'fresh', warnings: [], ...more } });
const refusal = (status: number, code = ''): Answer => ({ refusal: { status, code, detail: '', errors: [] } });
const conflict: Conflict = { report_id: 'x1', reported_by: 'M.', observed_at: '', operating: true, rooms: [] };

/** A tab: a queue of its own on a store that it may share. */
function tab(store: Store, server: (entry: Waiting) => Answer | Promise<Answer>, more: Partial<Tools> = {}) {
  const seen = { sent: [] as Waiting[], received: [] as string[], asked: 0 };
  const clock = { now: noon, account: 'zarina' as string | null };
  const queue = new Queue(store, {
    now: () => clock.now,
    account: () => clock.account,
    alone: (work) => work(),
    changed: () => undefined,
    received: (_, { id }) => void seen.received.push(id),
    signInAgain: () => (seen.asked += 1),
    chance: () => 0.5,
    send: async (entry) => {
      seen.sent.push(structuredClone(entry));
      return server(entry);
    },
    ...more,
  });
  const save = (key: string, beds = 1, { shelter = 's1', account = 'zarina', after = null as string | null } = {}) => queue.save(key, account, shelter, body(beds), after);
  return { queue, clock, save, ...seen, seen };
}
const keys = (entries: Waiting[]) => entries.map(({ key }) => key);

describe.each([
  ['in the database', () => openStore()],
  ['in memory', () => Promise.resolve(memoryStore())],
] as const)('the queue, %s', (_, open) => {
  let store: Store;
  beforeEach(async () => {
    globalThis.indexedDB = new IDBFactory();
    store = await open();
  });

  test('a report leaves only after the server has answered', async () => {
    let line = false;
    const { queue, save, seen } = tab(store, ({ key }) => (line ? receipt(`id-${key}`) : refusal(0, 'offline')));
    await save('k1');
    await queue.drain(true);
    expect(await store.all()).toMatchObject([{ key: 'k1', state: 'kept', tries: 1 }]);
    line = true;
    await queue.drain(true);
    expect(await store.all()).toEqual([]);
    expect(seen.received).toEqual(['id-k1']);
  });

  test('however often it is sent, its key and its body are the same', async () => {
    let answers = [refusal(0), refusal(503), refusal(429), receipt('id')];
    const { queue, save, sent } = tab(store, () => answers.shift() ?? refusal(0));
    await save('k1', 7);
    for (let round = 0; round < 5; round += 1) await queue.drain(true);
    expect(sent.map(({ key }) => key)).toEqual(['k1', 'k1', 'k1', 'k1']);
    expect(new Set(sent.map((entry) => JSON.stringify(entry.body))).size).toBe(1);
    expect(await store.all()).toEqual([]);
  });

  test('reports of one shelter go in the order in which they were saved', async () => {
    const { queue, save, sent } = tab(store, ({ key }) => receipt(key));
    for (const key of ['c', 'a', 'b']) await save(key);
    await queue.drain(true);
    expect(keys(sent)).toEqual(['c', 'a', 'b']);
  });

  test('what could not be sent holds back its own shelter, not the others', async () => {
    const { queue, save, sent } = tab(store, ({ shelter }) => (shelter === 's1' ? refusal(503) : receipt('x')));
    await save('a1');
    await save('a2');
    await save('b1', 1, { shelter: 's2' });
    await queue.drain(true);
    expect(keys(sent)).toEqual(['a1', 'b1']);
    expect(keys(await store.all())).toEqual(['a1', 'a2']);
  });

  test('where nothing is heard nothing more is tried', async () => {
    const { queue, save, sent } = tab(store, () => refusal(0));
    await save('a1');
    await save('b1', 1, { shelter: 's2' });
    await queue.drain(true);
    expect(keys(sent)).toEqual(['a1']);
  });

  test.each([0, 401, 408, 425, 429, 500, 502, 503, 504])('%d is of the moment: the report stays', async (status) => {
    const { queue, save } = tab(store, () => refusal(status));
    await save('k1');
    await queue.drain(true);
    expect(await store.all()).toMatchObject([{ key: 'k1', state: 'kept' }]);
  });

  test.each([400, 403, 404, 409, 413, 422])('%d is of the report: it is kept with its reason, and the next one goes', async (status) => {
    const { queue, save, sent } = tab(store, ({ key }) => (key === 'k1' ? refusal(status, 'why') : receipt('x')));
    await save('k1');
    await save('k2');
    await queue.drain(true);
    expect(keys(sent)).toEqual(['k1', 'k2']);
    expect(await store.all()).toMatchObject([{ key: 'k1', state: 'refused', refusal: { status, code: 'why' } }]);
    await queue.drain(true);
    expect(sent).toHaveLength(2);
    await queue.dismiss('k1');
    expect(await store.all()).toEqual([]);
  });

  test('pauses grow to five minutes, and a reason to hope ends them', async () => {
    const { queue, save, clock, sent } = tab(store, () => refusal(503));
    await save('k1');
    const pauses: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      await queue.drain(false);
      const at = (await queue.next()) ?? 0;
      pauses.push((at - clock.now) / 1000);
      clock.now = at;
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
    clock.now -= 1000;
    await queue.drain(false);
    expect(sent).toHaveLength(9);
    await queue.drain(true);
    expect(sent).toHaveLength(10);
  });

  test('each report belongs to its account: nobody else sends it', async () => {
    const { queue, save, clock, sent } = tab(store, () => receipt('x'));
    await save('hers', 1);
    clock.account = 'nigora';
    await save('other', 1, { account: 'nigora' });
    await queue.drain(true);
    expect(keys(sent)).toEqual(['other']);
    clock.account = null;
    await queue.drain(true);
    expect(keys(await store.all())).toEqual(['hers']);
    clock.account = 'zarina';
    await queue.drain(true);
    expect(keys(sent)).toEqual(['other', 'hers']);
  });

  test('an ended session asks for the password and loses nothing', async () => {
    let signedIn = false;
    const { queue, save, seen } = tab(store, () => (signedIn ? receipt('x') : refusal(401, 'not_signed_in')));
    await save('k1');
    await queue.drain(true);
    expect(seen.asked).toBe(1);
    expect(keys(await store.all())).toEqual(['k1']);
    signedIn = true;
    await queue.drain(true);
    expect(await store.all()).toEqual([]);
  });

  test("a disabled account's reports are wiped, and nobody else's", async () => {
    const { queue, save, seen } = tab(store, () => refusal(401, 'account_disabled'));
    await save('k1');
    await save('k2', 1, { shelter: 's2' });
    await save('other', 1, { account: 'nigora' });
    await queue.drain(true);
    expect(keys(await store.all())).toEqual(['other']);
    expect(seen.asked).toBe(0);
  });

  test('after 72 hours a report is thrown away, and that is said', async () => {
    const { queue, save, clock, sent } = tab(store, () => refusal(0));
    await save('old');
    await save('old of another', 1, { account: 'nigora' });
    clock.now = noon + keepFor - 1;
    await queue.drain(true);
    expect(keys(await store.all())).toEqual(['old', 'old of another']);
    clock.now = noon + keepFor;
    await queue.drain(true);
    expect(await store.all()).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(queue.lost).toBe(1);
  });

  test('a report written upon one that was still waiting stands on it once it has landed', async () => {
    const { queue, save, sent } = tab(store, ({ key }) => receipt(`id-${key}`));
    await save('k1', 1);
    await save('k2', 2, { after: 'k1' });
    await queue.drain(true);
    expect(sent.map((entry) => entry.body.based_on)).toEqual(['p0', 'id-k1']);
  });

  test('what has been sent once is never changed, or its key would stand for two reports', async () => {
    await tab(store, () => refusal(0)).save('k1');
    const two = tab(store, ({ key }) => receipt(key));
    await two.save('k2', 2, { after: 'k1' });
    await store.change('k2', (old) => ({ ...old, tries: 1 }));
    await two.queue.drain(true);
    expect(two.sent.map((entry) => entry.body.based_on)).toEqual(['p0', 'p0']);
  });

  test('a conflict waits for her choice, and outlives the page', async () => {
    const { queue, save } = tab(store, () => receipt('id', { conflict, applied: false }));
    await save('k1');
    await queue.drain(true);
    expect(await store.all()).toMatchObject([{ key: 'k1', state: 'conflict', receipt: { id: 'id', conflict } }]);
    await queue.drain(true);
    await queue.dismiss('k1');
    expect(await store.all()).toEqual([]);
  });

  test('a report written before she knew of the choice takes it over; one written after it settles it', async () => {
    const { queue, save, sent } = tab(store, ({ key }) => receipt(`id-${key}`, key === 'k1' ? { conflict } : {}));
    await save('k1', 1);
    await save('k2', 2, { after: 'k1' });
    await queue.drain(true);
    expect(sent[1]?.body.based_on).toBe('id-k1');
    expect(await store.all()).toMatchObject([{ key: 'k2', state: 'conflict', receipt: { id: 'id-k2', conflict } }]);
    await save('k3', 3);
    await queue.drain(true);
    expect(await store.all()).toEqual([]);
  });

  test('two tabs that cannot wait for each other send the same key, and the report leaves once', async () => {
    const landed = new Map<string, number>();
    const server = ({ key }: Waiting) => {
      landed.set(key, (landed.get(key) ?? 0) + 1);
      return receipt(`id-${key}`);
    };
    const [one, two] = [tab(store, server), tab(store, server)];
    await one.save('k1');
    await one.save('k2');
    await Promise.all([one.queue.drain(true), two.queue.drain(true)]);
    expect([...landed.keys()].sort()).toEqual(['k1', 'k2']);
    expect(await store.all()).toEqual([]);
  });

  test('two tabs that wait for each other send each report once', async () => {
    let last: Promise<unknown> = Promise.resolve();
    const alone = <T>(work: () => Promise<T>): Promise<T> => {
      const next = last.then(work);
      last = next.catch(() => undefined);
      return next;
    };
    const server = ({ key }: Waiting) => receipt(key);
    const [one, two] = [tab(store, server, { alone }), tab(store, server, { alone })];
    for (let n = 0; n < 10; n += 1) await (n % 2 ? one : two).save(`k${n}`);
    await Promise.all([one.queue.drain(true), two.queue.drain(true)]);
    expect([...one.sent, ...two.sent].map(({ key }) => key).sort()).toEqual(Array.from({ length: 10 }, (_entry, n) => `k${n}`));
  });

  test('a report saved while another is on its way goes too', async () => {
    let land: (answer: Answer) => void = () => undefined;
    const { queue, save, sent } = tab(store, ({ key }) => (key === 'k1' ? new Promise((done) => (land = done)) : receipt(key)));
    await save('k1');
    const first = queue.drain(true);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(queue.sending).toBe('k1');
    await save('k2');
    void queue.drain(true);
    land(receipt('k1'));
    await first;
    await vi.waitFor(async () => expect(await store.all()).toEqual([]));
    expect(queue.sending).toBeNull();
  });
});

describe('the database', () => {
  beforeEach(() => (globalThis.indexedDB = new IDBFactory()));
  const entry = (key: string): Waiting => ({ key, account: 'zarina', shelter: 's1', body: body(1), made_at: noon, after: null, state: 'kept', tries: 0, next_at: 0 });

  test('what is kept is there when the page comes back', async () => {
    await (await openStore()).add(entry('k1'));
    expect(keys(await (await openStore()).all())).toEqual(['k1']);
  });

  test('one key is one report', async () => {
    const store = await openStore();
    await store.add(entry('k1'));
    await expect(store.add(entry('k1'))).rejects.toThrow();
  });

  test('what another tab has taken away does not come back', async () => {
    const store = await openStore();
    await store.add(entry('k1'));
    await store.change('k1', () => null);
    expect(await store.change('k1', (old) => ({ ...old, tries: 9 }))).toBeNull();
    expect(await store.all()).toEqual([]);
  });
});
