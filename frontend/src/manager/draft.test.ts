import { describe, expect, test } from 'vitest';
import type { RoomState } from '../wire';
import { differs, draftOf, reportBody, slips, tooMany, unusual } from './draft';

const room: RoomState = {
  room_id: 'r1', label: '2', kind: 'private', beds: 4, cots: 1, step_free: false, occupied_beds: 3, occupied_cots: 0, held_beds: 0, held_cots: 0,
  enclosed_beds: 1, out_of_service_beds: 0, free_beds: 0, free_cots: 0, over_capacity: 0,
};

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
    const draft = { ...draftOf(room), out_of_service_beds: 0, out_of_service_reason: 'repair' as const, planned_exit: '2026-11-25' };
    const body = reportBody(new Date('2026-11-22T03:55:00Z'), [{ room_id: 'r1', draft, exitChanged: true }], { note: '  ' });
    expect(body.rooms[0]).toMatchObject({ out_of_service_beds: 0, out_of_service_reason: null });
    expect(body.planned_exits).toEqual([{ room_id: 'r1', date: '2026-11-25' }]);
    expect(body.note).toBeNull();
    expect(body).not.toHaveProperty('operating');
  });
});
