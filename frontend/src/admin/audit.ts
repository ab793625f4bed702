// What the audit can be asked, and its entries in words.

import { addDays, civil } from '../lib/dates';
import { maybe, t, zone } from '../lib/i18n.svelte';
import type { AuditEntry } from '../wire';

/** What is done to what, as the audit codes it; each has its words. */
const verbs: Record<string, string[]> = {
  session: ['open', 'close', 'refused', 'proof', 'close_others', 'end_all', 'attack'],
  proof: ['refused'],
  device: ['forget'],
  factor: ['begin', 'add', 'remove'],
  recovery_code: ['use'],
  recovery_codes: ['make'],
  confidential: ['read', 'write'],
  handover: ['read'],
  user: ['create', 'change', 'language', 'invite', 'password', 'reset_asked', 'first_link', 'factors_reset'],
  approval: ['ask', 'approve', 'refuse', 'use'],
  token: ['create', 'revoke'],
  quota: ['near', 'reached'],
  canary: ['touched'],
  list: ['read'],
  audit: ['verify'],
  key: ['rotate'],
  retention: ['purge'],
  organisation: ['create'],
  shelter: ['create', 'change'],
  report: ['receive', 'remind', 'tell_operators'],
  import: ['occupancy'],
  referral: ['open', 'close', 'wait', 'stop_waiting', 'place_found', 'place_gone'],
  hold: ['ask', 'accept', 'decline', 'arrive', 'no_show', 'release', 'extend', 'expire', 'remind'],
  wave: ['ask_next', 'tell_operator'],
  plan: ['make', 'edit', 'apply'],
  stock: ['count', 'move'],
  supply_request: ['open', 'withdraw', 'refuse'],
  transfer: ['create', 'approve', 'dispatch', 'receive', 'cancel', 'remind', 'tell_operators'],
  item: ['create', 'change', 'name'],
  schedule: ['create', 'change', 'alarm'],
  recipient: ['add', 'approve', 'confirm', 'leave', 'remove'],
  digest: ['make', 'send'],
  letter: ['sent', 'retry', 'dead', 'dropped', 'resend'],
  alerts: ['choose'],
  alert: ['tell'],
  phone: ['code', 'connect', 'moved', 'remove'],
  push: ['add', 'remove', 'gone'],
  text: ['receive', 'forged'],
  demo: ['begin', 'history'],
};
export const actions = ['denied', ...Object.entries(verbs).flatMap(([subject, done]) => done.map((verb) => `${subject}.${verb}`))];

/** What was asked of the audit; what is empty is not asked. */
export interface Asking {
  action: string;
  actor_id: string;
  object_type: string;
  object_id: string;
  from: string;
  to: string;
}
export const everything = (): Asking => ({ action: '', actor_id: '', object_type: '', object_id: '', from: '', to: '' });

/** The instant at which a day begins on the country's clocks. */
function beginning(day: string): string {
  const utc = Date.parse(`${day}T00:00:00Z`);
  const { year, month, day: date, hour, minute } = civil(utc, zone());
  return new Date(2 * utc - Date.UTC(year, month - 1, date, hour, minute)).toISOString();
}
/** As the server takes it: from the first day's beginning to the last one's end. */
export const queryOf = ({ from, to, ...rest }: Asking): Record<string, string> => ({
  ...rest,
  from: from && beginning(from),
  to: to && beginning(addDays(to, 1)),
});

export const actionText = (action: string): string => maybe(`audit.of_${action.replace('.', '_')}`, action);
export const objectText = (type: string): string => maybe(`audit.about_${type}`, type);
/** Who, and in which role then. */
export function actorText({ actor_name: name, actor, role }: AuditEntry): string {
  if (!actor) return t('audit.system');
  return [name ?? t('audit.nobody_known'), maybe(`user.role_${role}`, role)].filter(Boolean).join(' · ');
}
