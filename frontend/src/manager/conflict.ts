// Two reports of one shelter that disagree: what differs, and what her choice sends. Nothing is chosen here.

import type { Waiting } from '../queue/entry';
import type { Conflict, ReportBody } from '../wire';

type Line = Pick<Conflict['rooms'][number], 'room_id' | 'occupied_beds' | 'occupied_cots' | 'out_of_service_beds'> & { out_of_service_reason: string | null };
export interface Difference {
  label: string;
  hers: Line;
  other: Line;
}

const whole = (line: { room_id: string; occupied_beds: number; occupied_cots?: number; out_of_service_beds?: number; out_of_service_reason?: string | null }): Line => ({
  room_id: line.room_id,
  occupied_beds: line.occupied_beds,
  occupied_cots: line.occupied_cots ?? 0,
  out_of_service_beds: line.out_of_service_beds ?? 0,
  out_of_service_reason: line.out_of_service_beds ? (line.out_of_service_reason ?? 'other') : null,
});
const same = (a: Line, b: Line) => (Object.keys(a) as (keyof Line)[]).every((field) => a[field] === b[field]);

/** The rooms in which the two differ, in the order in which she sees them. */
export function differences({ body, receipt }: Waiting): Difference[] {
  const others = new Map((receipt?.conflict?.rooms ?? []).map((room) => [room.room_id, room]));
  return body.rooms.flatMap((line) => {
    const room = others.get(line.room_id);
    const hers = whole(line);
    return room && !same(hers, whole(room)) ? [{ label: room.label, hers, other: whole(room) }] : [];
  });
}

/**
 * The report that makes her choice hold, or null where it holds already. It is a new version: both of the old ones stay
 * in the history. Supplies and the note of the first one were received with it and are not said again.
 */
export function settle({ body, receipt }: Waiting, choice: 'hers' | 'other', now: Date, today: string): ReportBody | null {
  const conflict = receipt?.conflict;
  if (!conflict || (choice === 'hers') === receipt.applied) return null;
  const theirs = new Map(conflict.rooms.map((room) => [room.room_id, whole(room)]));
  const operating = choice === 'hers' ? body.operating : conflict.operating;
  const rooms = body.rooms.map((line) => {
    const { out_of_service_reason: why, ...numbers } = (choice === 'other' && theirs.get(line.room_id)) || whole(line);
    return why ? { ...numbers, out_of_service_reason: why } : numbers;
  });
  const exits = (body.planned_exits ?? []).filter(({ date }) => date >= today);
  return {
    observed_at: now.toISOString(),
    rooms,
    based_on: receipt.applied ? receipt.id : conflict.report_id,
    ...(exits.length && { planned_exits: exits }),
    ...(operating === false && { operating }),
  };
}
