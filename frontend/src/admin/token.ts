// What a program may be let do: parts of the service, each to be read or written.

import { maybe, t } from '../lib/i18n.svelte';
import type { ProgramRole } from '../wire';

export const programRoles: ProgramRole[] = ['manager', 'officer', 'committee'];

/** What is offered for each role; the server decides what the role may do there. */
export const offered: Record<ProgramRole, string[]> = {
  manager: ['read:shelters', 'write:shelters', 'read:holds', 'write:holds', 'read:items', 'read:availability', 'read:supply-requests', 'write:supply-requests', 'read:transfers', 'write:transfers'],
  officer: ['read:availability', 'write:suggestions', 'read:referrals', 'write:referrals', 'read:holds', 'write:holds'],
  committee: ['read:availability', 'read:statistics', 'read:supplies', 'read:digests', 'read:transfers', 'read:items'],
};

/** "read: shelters, reports and stock". */
export function scopeText(scope: string): string {
  const [verb = '', area = ''] = scope.split(':');
  return t('token.scope', { verb: maybe(`token.may_${verb}`, verb), area: maybe(`token.area_${area.replaceAll('-', '_')}`, area) });
}
