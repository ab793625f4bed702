// Which part of the app needs which message. A key decides, or its first word; `base` is what every page needs.

export const languages = ['tg', 'ru', 'en'] as const;
export type Language = (typeof languages)[number];

export const areas = ['base', 'manager', 'requests', 'officer', 'committee', 'admin'] as const;
export type Area = (typeof areas)[number];

const by: Record<string, Area[]> = {
  // Words of the daily report; `requests` is what the manager's other pages and the seldom parts of the report need.
  today: ['manager'],
  tab: ['manager'],
  'kept.kept': ['manager'],
  'kept.later': ['manager'],
  'kept.open': ['manager'],
  'kept.try': ['manager'],
  kept: ['requests'],
  conflict: ['requests'],
  holds: ['requests'],
  history: ['requests'],
  contact: ['requests'],
  remind: ['requests'],
  room: ['manager', 'officer', 'admin'],
  'room.cots_in': ['requests'],
  'room.cots_taken': ['requests'],
  'room.exit': ['requests'],
  'room.out_in': ['requests'],
  'room.out_of_service': ['requests'],
  'room.out_why': ['requests'],
  out: ['requests'],
  'stock.title': ['manager', 'committee'],
  'stock.short': ['manager', 'committee'],
  stock: ['requests', 'committee'],
  warning: ['manager'],
  channel: ['requests'],
  fresh: ['manager', 'officer', 'committee'],
  // Words about a household and its way to a place.
  household: ['requests', 'officer'],
  need: ['requests', 'officer', 'committee', 'admin'],
  spoken: ['requests', 'officer', 'admin'],
  hold: ['requests', 'officer'],
  decline: ['requests', 'officer'],
  release: ['requests', 'officer'],
  timeline: ['requests', 'officer'],
  wave: ['officer'],
  wait: ['officer'],
  find: ['officer'],
  places: ['officer'],
  chance: ['officer'],
  travel: ['officer'],
  why: ['officer'],
  misfit: ['officer', 'admin'],
  relax: ['officer'],
  referral: ['officer'],
  unmet: ['officer', 'committee', 'admin'],
  overview: ['officer'],
  band: ['officer'],
  // Words of the national picture and of the letters.
  national: ['committee'],
  ledger: ['committee', 'admin'],
  digests: ['committee', 'admin'],
  letter: ['committee', 'admin'],
  // What no first screen says.
  'app.back': ['officer', 'admin'],
  'app.choose': ['requests', 'officer', 'admin'],
  'app.more_items': ['admin'],
  'app.no': ['officer'],
  'app.none': ['officer', 'admin'],
  'app.older': ['requests', 'officer', 'committee', 'admin'],
  'app.remove': ['requests', 'officer', 'admin'],
  'app.save': ['requests', 'committee', 'admin'],
  'app.saved': ['requests', 'committee', 'admin'],
  'app.yes': ['officer'],
  span: ['requests', 'officer', 'admin'],
  // Refusals that only some of the pages can meet.
  'problem.hold_active': ['officer'],
  'problem.hold_already_accepted': ['requests', 'officer'],
  'problem.hold_at_risk': ['requests', 'officer'],
  'problem.hold_ended': ['requests', 'officer'],
  'problem.hold_expired': ['requests', 'officer'],
  'problem.hold_extensions_spent': ['officer'],
  'problem.hold_not_accepted': ['requests', 'officer'],
  'problem.no_bed_left': ['requests', 'officer', 'admin'],
  'problem.plan_applied': ['admin'],
  'problem.plan_outdated': ['admin'],
  'problem.room_in_use': ['admin'],
  'fault.taken': ['admin', 'officer'],
  'fault.too_common': ['admin'],
  'fault.too_short': ['admin'],
  // Words of administration.
  admin: ['admin'],
  plan: ['admin'],
  shelter: ['admin'],
  kind: ['admin'],
  user: ['admin'],
  org: ['admin'],
  schedule: ['admin'],
  audit: ['admin'],
};

/** The areas that need a key, by itself or by its first word; everything not listed above belongs to `base`. */
export function areaOf(key: string): Area[] {
  return by[key.replace(/#.*/, '')] ?? by[key.slice(0, key.indexOf('.'))] ?? ['base'];
}
