// A digest that goes to its readers, with the tables that a letter to oneself does not carry.
import assert from 'node:assert/strict';
import { ask, tell } from './placement.js';

/** The demo's own schedule sends now, to the readers two administrators have agreed to, with tables. */
export async function digestWithTables(page) {
  const schedule = (await ask(page, '/digest-schedules')).items.find(({ active }) => active);
  const status = await page.evaluate(async ({ id, ...known }) => {
    const at = `/api/v1/digest-schedules/${id}`;
    const etag = (await fetch(at)).headers.get('ETag');
    const { next_sends, overdue, version, ...plan } = { ...known, attach_csv: true, attach_xlsx: true };
    const headers = { 'Content-Type': 'application/json', 'If-Match': etag };
    return (await fetch(at, { method: 'PUT', headers, body: JSON.stringify(plan) })).status;
  }, schedule);
  assert.equal(status, 200);
  const made = await tell(page, `/digest-schedules/${schedule.id}/send`, {});
  assert.equal(made.status, 202, JSON.stringify(made));
  return ask(page, `/digests/${made.body.digest_id}`);
}
