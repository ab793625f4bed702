import { describe, expect, test } from 'vitest';
import type { Waiting } from '../queue/entry';
import type { Conflict, ReportLine } from '../wire';
import { differences, settle } from './conflict';

const line = (room_id: string, occupied_beds: number, more: Partial<ReportLine> = {}): ReportLine => ({
  room_id, label: room_id, beds: 4, cots: 0, occupied_beds, occupied_cots: 0, out_of_service_beds: 0, out_of_service_reason: null, planned_exit: null, ...more,
});
const other: Conflict = { report_id: 'x1', reported_by: 'M.', observed_at: '2026-11-23T08:00:00Z', operating: true, rooms: [line('r1', 3), line('r2', 2)] };
const entry = (applied: boolean, conflict: Conflict = other): Waiting => ({
  key: 'k', account: 'a', shelter: 's', made_at: 0, after: null, state: 'conflict', tries: 1, next_at: 0,
  body: { observed_at: '2026-11-23T07:00:00Z', based_on: 'p0', note: 'n', stock: [{ item: 'rice', on_hand: 1 }], planned_exits: [{ room_id: 'r1', date: '2026-11-22' }, { room_id: 'r2', date: '2026-11-25' }], rooms: [{ room_id: 'r1', occupied_beds: 1 }, { room_id: 'r2', occupied_beds: 2 }] },
  receipt: { id: 'h1', received_at: '', applied, freshness: 'fresh', warnings: [], conflict },
});
const now = new Date('2026-11-23T09:00:00Z');

describe('two reports that disagree', () => {
  test('only the rooms that differ are shown, hers beside the other', () => {
    expect(differences(entry(true))).toMatchObject([{ label: 'r1', hers: { occupied_beds: 1 }, other: { occupied_beds: 3 } }]);
  });

  test('a number left out is the number the server takes for granted', () => {
    const closed = { ...other, rooms: [line('r2', 2, { out_of_service_beds: 1, out_of_service_reason: 'repair' })] };
    expect(differences(entry(true, closed))).toMatchObject([{ hers: { out_of_service_beds: 0, out_of_service_reason: null }, other: { out_of_service_beds: 1, out_of_service_reason: 'repair' } }]);
  });

  test('what is in force already is not sent again', () => {
    expect(settle(entry(true), 'hers', now, '2026-11-23')).toBeNull();
    expect(settle(entry(false), 'other', now, '2026-11-23')).toBeNull();
  });

  test('her figures over a newer report are a new version upon that one', () => {
    expect(settle(entry(false), 'hers', now, '2026-11-23')).toEqual({
      observed_at: now.toISOString(), based_on: 'x1', planned_exits: [{ room_id: 'r2', date: '2026-11-25' }],
      rooms: [expect.objectContaining({ room_id: 'r1', occupied_beds: 1 }), expect.objectContaining({ room_id: 'r2', occupied_beds: 2 })],
    });
  });

  test("the other's figures over hers are a new version upon hers", () => {
    const sent = settle(entry(true, { ...other, operating: false }), 'other', now, '2026-11-23');
    expect(sent).toMatchObject({ based_on: 'h1', operating: false, rooms: [{ room_id: 'r1', occupied_beds: 3 }, { room_id: 'r2', occupied_beds: 2 }] });
    expect(sent).not.toHaveProperty('stock');
    expect(sent).not.toHaveProperty('note');
  });
});
