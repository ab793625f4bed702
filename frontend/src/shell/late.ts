// What everybody may open beside the screens of a role, with the words it needs: fetched when first opened.

import { addArea } from '../lib/i18n.svelte';

const door = () =>
  addArea('door', {
    tg: () => import('virtual:messages/tg/door'),
    ru: () => import('virtual:messages/ru/door'),
    en: () => import('virtual:messages/en/door'),
  });
const safe = () =>
  addArea('safety', {
    tg: () => import('virtual:messages/tg/safety'),
    ru: () => import('virtual:messages/ru/safety'),
    en: () => import('virtual:messages/en/safety'),
  });

export const glossary = () => import('../glossary/index').then((page) => page.glossary());
/** Dialogs and steps of signing in. */
export const again = () => Promise.all([import('./Again.svelte'), door()]).then(([part]) => part.default);
export const second = () => Promise.all([import('./Second.svelte'), door()]).then(([part]) => part.default);
export const wait = () => Promise.all([import('./Wait.svelte'), door()]).then(([part]) => part.default);
/** Pages for anybody. */
export const reset = () => Promise.all([import('./Reset.svelte'), door()]).then(([page]) => page.default);
export const welcome = () => Promise.all([import('./Welcome.svelte'), door()]).then(([page]) => page.default);
export const help = () => Promise.all([import('../safety/Help.svelte'), safe()]).then(([page]) => page.default);
/** One's own safety. */
export const enrol = () => Promise.all([import('../safety/Enrol.svelte'), safe(), door()]).then(([page]) => page.default);
export const safety = () => Promise.all([import('../safety/Safety.svelte'), safe(), door()]).then(([page]) => page.default);
