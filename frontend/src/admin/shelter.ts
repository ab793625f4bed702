// A new shelter's sheet, and what of a stored one is sent back.
import type { Room, Shelter, ShelterBody } from '../wire';

export const emptyRoom = (label: string): Room => ({ label, kind: 'private', beds: 3, cots: 1, step_free: false, sleeps: null });

export const emptyShelter = (): ShelterBody => ({
  code: '',
  name: '',
  organisation_id: '',
  district: '',
  kind: 'crisis',
  location_policy: 'confidential',
  intake_from: null,
  intake_to: null,
  longest_stay_days: null,
  languages: ['tg'],
  services: [],
  rules: {
    boys_max_age: null,
    boys_shared_room_max_age: 7,
    max_children: null,
    infants_share_bed: true,
    admits_without_children: true,
    admits_women: true,
    admits: ['pregnancy', 'newborn', 'older_woman', 'no_documents'],
  },
  report_due: '09:00',
  report_interval_hours: 24,
  rooms: [],
  canary: false,
});

/** Only what may be written: unknown fields are refused. */
export function bodyOf(shelter: ShelterBody | Shelter): ShelterBody {
  const { code, name, organisation_id, district, kind, location_policy, intake_from, intake_to, longest_stay_days, languages, services, rules, report_due, report_interval_hours, rooms, canary } = shelter;
  return {
    code: code.trim(), name: name.trim(), organisation_id, district, kind, location_policy,
    intake_from: intake_from?.slice(0, 5) || null, intake_to: intake_to?.slice(0, 5) || null, longest_stay_days: longest_stay_days || null,
    languages, services, rules, report_due: report_due.slice(0, 5), report_interval_hours, canary: canary ?? false,
    rooms: rooms.map(({ id, label, kind: roomKind, beds, cots, step_free, sleeps }) => ({
      ...(id ? { id } : {}), label: label.trim(), kind: roomKind, beds, cots, step_free, sleeps: roomKind === 'block' ? (sleeps ?? 2) : null,
    })),
  };
}
