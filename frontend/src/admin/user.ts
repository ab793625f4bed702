// An account's sheet, and how an account stands, in words.

import { moment, t } from '../lib/i18n.svelte';
import type { Organisation, Role, Shelter, User, UserBody } from '../wire';

export const roles: Role[] = ['manager', 'officer', 'committee', 'admin'];
export const userFields = ['email', 'name', 'role', 'organisation_id', 'shelter_ids', 'language'];
export const languageNames = { tg: 'Тоҷикӣ', ru: 'Русский', en: 'English' } as const;
export const stateKinds = { invited: 'few', active: 'free', disabled: 'silent' } as const;

/** What accounts and programs may belong to. */
export interface Belonging {
  organisations: Organisation[];
  shelters: Shelter[];
}

export const emptyUser = (): UserBody => ({ name: '', role: 'manager', organisation_id: null, shelter_ids: [], language: 'tg' });

/** Only what may be written, in the shape in which it is asked for. */
export const userBody = ({ name, role, organisation_id, shelter_ids, language }: UserBody | User): UserBody => ({
  name: name.trim(),
  role,
  organisation_id: organisation_id || null,
  shelter_ids: role === 'manager' ? shelter_ids : [],
  language,
});

export const officeName = ({ organisations }: Belonging, id: string | null | undefined): string => organisations.find((one) => one.id === id)?.name ?? '';
export const codesOf = ({ shelters }: Belonging, ids: string[]): string[] => ids.map((id) => shelters.find((one) => one.id === id)?.code ?? id);

export const lastSeen = ({ last_sign_in_at: at }: User): string => (at ? t('user.last_sign_in', { when: moment(at) }) : t('user.never_signed_in'));
