import { describe, expect, test } from 'vitest';
import type { RoomState } from '../wire';
import { asCounted, asReported, differs, draftOf, reportBody, slips, tooMany, unusual } from './draft';

const room: RoomState = {
  room_id: 'r1', label: '2', kind: 'private', beds: 4, cots: 1, step_free: false, occupied_beds: 3, occupied_cots: 0, held_beds: 0, held_cots: 0,
  enclosed_beds: 1, out_of_service_beds: 0, free_beds: 0, free_cots: 0, over_capacity: 0,
};

const at = new Date('2026-11-22T03:55:00Z');

describe('the report being written', () => {
  test('an untouched room does not differ', () => {
    expect(differs(draftOf(room), draftOf(room))).toBe(false);
    expect(differs({ ...draftOf(room), occupied_cots: 1 }, draftOf(room))).toBe(true);
  });

  test.each([
    [5, 50, undefined, true],
    [50, 5, undefined, true],
    [0, 9, undefined, false],
    [3, 5, 4, true],
    [3, 4, 4, false],
    [5, 6, 4, false],
    [7, 7, 4, false],
  ])('from %d to %d of %s is unusual: %s', (before, after, limit, asked) => expect(unusual(before, after, limit)).toBe(asked));

  test('each slip is asked about with its room', () => {
    expect(slips([room], { r1: { ...draftOf(room), occupied_beds: 30 } })).toEqual([{ room: '2', before: 3, after: 30 }]);
    expect(slips([room], {})).toEqual([]);
  });

  test('more than there is room for is said, and allowed', () => {
    expect(tooMany({ ...draftOf(room), occupied_beds: 5 }, 4)).toBe(1);
    expect(tooMany({ ...draftOf(room), occupied_beds: 3, out_of_service_beds: 2 }, 4)).toBe(1);
    expect(tooMany(draftOf(room), 4)).toBe(0);
  });

  test('a reason goes with beds out of service, and only with them', () => {
    const draft = { ...draftOf(room), out_of_service_beds: 0, out_of_service_reason: 'repair' as const };
    const [closed, open] = [1, 0].map((n) => reportBody(at, '2026-11-22', [{ room_id: 'r1', draft: { ...draft, out_of_service_beds: n } }]).rooms[0]);
    expect(closed).toMatchObject({ out_of_service_beds: 1, out_of_service_reason: 'repair' });
    expect(open).not.toHaveProperty('out_of_service_reason');
  });

  test('what the server takes for granted is left out', () => {
    const body = reportBody(at, '2026-11-22', [{ room_id: 'r1', draft: draftOf(room) }], { note: '  ', stock: [], operating: true });
    expect(body).toEqual({ observed_at: '2026-11-22T03:55:00.000Z', rooms: [{ room_id: 'r1', occupied_beds: 3 }] });
  });

  test('a shelter that does not receive stays so until somebody says otherwise', () => {
    expect(reportBody(at, '2026-11-22', [], { operating: false })).toMatchObject({ operating: false });
  });

  test('an exit planned for a day gone by is not planned any more', () => {
    const of = (planned_exit: string) => reportBody(at, '2026-11-22', [{ room_id: 'r1', draft: { ...draftOf(room), planned_exit } }]).planned_exits;
    expect(of('2026-11-22')).toEqual([{ room_id: 'r1', date: '2026-11-22' }]);
    expect(of('2026-11-21')).toBeUndefined();
  });

  test('a report says what it was written on, where the server names it', () => {
    expect(reportBody(at, '2026-11-22', [], { basedOn: 'p1' })).toHaveProperty('based_on', 'p1');
    expect(reportBody(at, '2026-11-22', [], { basedOn: null })).toHaveProperty('based_on', null);
    expect(reportBody(at, '2026-11-22', [], {})).not.toHaveProperty('based_on');
  });
});

describe('her own report before the server shows it', () => {
  const body = reportBody(at, '2026-11-22', [{ room_id: 'r1', draft: { ...draftOf(room), occupied_beds: 1, planned_exit: '2026-11-25' } }], {
    stock: [{ item: 'rice', on_hand: 5 }],
  });

  test('its numbers stand in the rooms, and nothing that only the server adds up', () => {
    expect(asReported(room, body)).toMatchObject({ occupied_beds: 1, planned_exit: '2026-11-25', free_beds: 0, enclosed_beds: 0, beds: 4 });
    expect(asReported({ ...room, room_id: 'r2' }, body)).toEqual({ ...room, room_id: 'r2' });
    expect(asReported(room, undefined)).toBe(room);
  });

  test('its counts stand in the supplies, and no days that nobody reckoned', () => {
    const rice = { item: 'rice', on_hand: 9, observed_at: '', basis: '', daily_use: 1, days_of_cover: 9, status: 'ok' as const };
    expect(asCounted([rice], body)).toEqual([{ ...rice, on_hand: 5, days_of_cover: null, status: 'unknown' }]);
    expect(asCounted([], body)).toMatchObject([{ item: 'rice', on_hand: 5, status: 'unknown' }]);
    expect(asCounted([rice], undefined)).toEqual([rice]);
  });
});
