// What the server refused, in the reader's words: at the field it names, the rest in one box.

import type { ApiError } from './api';
import type { FieldError } from '../wire';
import { maybe, t } from './i18n.svelte';

/** The text for one field's fault; a code we have no words for keeps the server's. */
export const faultText = (fault: FieldError): string => maybe(`fault.${fault.code}`, fault.detail || fault.code);

/** The fault at a field (or at the things inside it), in words. */
export function faultAt(problem: ApiError | null, field: string): string {
  const fault = problem?.errors.find(({ field: at }) => at === field || at.startsWith(`${field}.`) || at.startsWith(`${field}[`));
  return fault ? faultText(fault) : '';
}

export function problemText(problem: ApiError): string {
  const known = maybe(`problem.${problem.code}`, '');
  if (known) return known;
  if (problem.status === 0) return t('problem.unexpected');
  if (problem.status === 404) return t('problem.not_found');
  if (problem.status === 403) return t('problem.forbidden');
  if (problem.status === 429) return t('problem.too_many');
  if (problem.status === 412) return t('problem.stale');
  if (problem.status >= 500) return t('problem.server');
  return problem.errors.length ? t('problem.fields') : problem.message;
}
