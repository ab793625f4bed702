// The bodies that make a plan and change it.

import { householdOf, type Row } from './households';

/** A row that nobody has filled in is not sent. */
export const isBlank = (row: Row): boolean => row.from === '' && row.label.trim() === '' && row.children.trim() === '';

export const wishBody = (rows: Row[], emptyShelter: string, waiting: boolean) => ({
  households: rows
    .filter((row) => !isBlank(row))
    .map((row, at) => ({
      label: row.label.trim() || String(at + 1),
      household: householdOf(row),
      needs: [...row.needs],
      from_district: row.from,
      rooms_apart_ok: row.apart,
    })),
  empty_shelter: emptyShelter || null,
  waiting,
});

/** Only what changed: to another shelter, or to none. */
export const editBody = (changes: Record<number, string | null>) => ({
  assignments: Object.entries(changes).map(([household, shelter_id]) => ({ household: Number(household), shelter_id })),
});
