// Which part of the app needs which message. The first word of a key decides; `base` is what every page needs.

export const languages = ['tg', 'ru', 'en'] as const;
export type Language = (typeof languages)[number];

export const areas = ['base', 'manager', 'requests', 'officer', 'committee', 'admin'] as const;
export type Area = (typeof areas)[number];

const by: Record<string, Area[]> = {
  // Words of the daily report; `requests` is what the manager's other pages need.
  today: ['manager'],
  tab: ['manager'],
  holds: ['requests'],
  history: ['requests'],
  contact: ['requests'],
  room: ['manager', 'officer', 'admin'],
  out: ['manager'],
  stock: ['manager', 'committee'],
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

/** The areas that need a key; everything not listed above belongs to `base`. */
export function areaOf(key: string): Area[] {
  return by[key.slice(0, key.indexOf('.'))] ?? ['base'];
}
