// The report being written: what differs from the last one, and which numbers deserve a second look.
// It adds nothing up that the server decides (free beds); it only compares what was typed.

import type { OutOfServiceReason, ReportBody, RoomState } from '../wire';

export interface RoomDraft {
  occupied_beds: number;
  occupied_cots: number;
  out_of_service_beds: number;
  out_of_service_reason: OutOfServiceReason | null;
  planned_exit: string | null;
}

export const outReasons: OutOfServiceReason[] = ['repair', 'cleaning', 'infection', 'staffing', 'safety', 'reserved', 'other'];

export const draftOf = (room: RoomState): RoomDraft => ({
  occupied_beds: room.occupied_beds,
  occupied_cots: room.occupied_cots,
  out_of_service_beds: room.out_of_service_beds,
  out_of_service_reason: room.out_of_service_reason ?? null,
  planned_exit: room.planned_exit ?? null,
});

export const differs = (a: RoomDraft, b: RoomDraft): boolean =>
  (Object.keys(a) as (keyof RoomDraft)[]).some((field) => a[field] !== b[field]);

/** How many more are in the room than it has beds in use; 0 when it adds up. */
export const tooMany = (draft: RoomDraft, beds: number): number =>
  Math.max(0, draft.occupied_beds + draft.out_of_service_beds - beds);

/** Whether a number is so far from the last one that it may be a slip of the finger: ten times more or less, or beyond the beds. */
export function unusual(before: number, after: number, limit?: number): boolean {
  if (before === after) return false;
  if (limit !== undefined && after > limit && before <= limit) return true;
  return (after >= 10 && after >= 10 * before) || (before >= 10 && after * 10 <= before && before - after >= 10);
}

export interface Slip {
  room: string;
  before: number;
  after: number;
}

/** The numbers to ask about once before sending. */
export function slips(rooms: RoomState[], drafts: Record<string, RoomDraft>): Slip[] {
  return rooms.flatMap((room) => {
    const draft = drafts[room.room_id];
    if (!draft) return [];
    const beds = { room: room.label, before: room.occupied_beds, after: draft.occupied_beds };
    const cots = { room: room.label, before: room.occupied_cots, after: draft.occupied_cots };
    return [...(unusual(beds.before, beds.after, room.beds) ? [beds] : []), ...(unusual(cots.before, cots.after, room.cots) ? [cots] : [])];
  });
}

export function reportBody(
  observedAt: Date,
  rooms: { room_id: string; draft: RoomDraft; exitChanged: boolean }[],
  rest: { stock?: ReportBody['stock']; note?: string; operating?: boolean | undefined } = {},
): ReportBody {
  const body: ReportBody = {
    observed_at: observedAt.toISOString(),
    rooms: rooms.map(({ room_id, draft }) => ({
      room_id,
      occupied_beds: draft.occupied_beds,
      occupied_cots: draft.occupied_cots,
      out_of_service_beds: draft.out_of_service_beds,
      out_of_service_reason: draft.out_of_service_beds > 0 ? (draft.out_of_service_reason ?? 'other') : null,
    })),
    stock: rest.stock ?? [],
    planned_exits: rooms.flatMap(({ room_id, draft, exitChanged }) =>
      exitChanged && draft.planned_exit ? [{ room_id, date: draft.planned_exit }] : [],
    ),
    note: rest.note?.trim() || null,
  };
  if (rest.operating !== undefined) body.operating = rest.operating;
  return body;
}
