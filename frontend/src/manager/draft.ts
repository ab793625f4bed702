// The report being written: what differs from the last one, and which numbers deserve a second look.
// It adds nothing up that the server decides (free beds); it only compares what was typed.

import type { Counted, OutOfServiceReason, ReportBody, RoomState } from '../wire';

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

/** A room as her own report has it, while the server's figures do not show that yet; what only the server adds up is left out. */
export function asReported(room: RoomState, body: ReportBody | undefined): RoomState {
  const line = body?.rooms.find(({ room_id }) => room_id === room.room_id);
  if (!body || !line) return room;
  const said: RoomDraft = {
    occupied_beds: line.occupied_beds,
    occupied_cots: line.occupied_cots ?? 0,
    out_of_service_beds: line.out_of_service_beds ?? 0,
    out_of_service_reason: (line.out_of_service_reason ?? null) as OutOfServiceReason | null,
    planned_exit: body.planned_exits?.find(({ room_id }) => room_id === room.room_id)?.date ?? null,
  };
  return differs(said, draftOf(room)) ? { ...room, ...said, free_beds: 0, enclosed_beds: 0 } : room;
}

/** Supplies as her own report counted them; days and status are the server's to say. */
export function asCounted(stock: Counted[], body: ReportBody | undefined): Counted[] {
  const counts = new Map((body?.stock ?? []).map(({ item, on_hand }) => [item, on_hand]));
  const line = (old: Counted): Counted => {
    const on_hand = counts.get(old.item) ?? old.on_hand;
    counts.delete(old.item);
    return on_hand === old.on_hand ? old : { ...old, on_hand, days_of_cover: null, status: 'unknown' };
  };
  const known = stock.map(line);
  return [...known, ...[...counts].map(([item, on_hand]): Counted => ({ item, on_hand, status: 'unknown', daily_use: null, days_of_cover: null }))];
}

interface Rest {
  stock?: { item: string; on_hand: number }[];
  note?: string;
  operating?: boolean | undefined;
  /** The report on the screen; left out where the server does not name one. */
  basedOn?: string | null | undefined;
}

/** The report as it goes out. What the server takes for granted is left out: on a bad line each byte is a risk. */
export function reportBody(observedAt: Date, today: string, rooms: { room_id: string; draft: RoomDraft }[], rest: Rest = {}): ReportBody {
  const body: ReportBody = {
    observed_at: observedAt.toISOString(),
    rooms: rooms.map(({ room_id, draft }) => ({
      room_id,
      occupied_beds: draft.occupied_beds,
      ...(draft.occupied_cots > 0 && { occupied_cots: draft.occupied_cots }),
      ...(draft.out_of_service_beds > 0 && {
        out_of_service_beds: draft.out_of_service_beds,
        out_of_service_reason: draft.out_of_service_reason ?? 'other',
      }),
    })),
  };
  const note = rest.note?.trim();
  // An exit that was planned for a day gone by is not planned any more.
  const exits = rooms.flatMap(({ room_id, draft }) => (draft.planned_exit && draft.planned_exit >= today ? [{ room_id, date: draft.planned_exit }] : []));
  if (rest.stock?.length) body.stock = rest.stock;
  if (exits.length) body.planned_exits = exits;
  if (note) body.note = note;
  if (rest.operating === false) body.operating = false;
  if (rest.basedOn !== undefined) body.based_on = rest.basedOn;
  return body;
}
