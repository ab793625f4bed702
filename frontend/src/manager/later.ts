// The manager's pages beside the daily report, and the seldom parts of that, with the words they need: fetched when
// first opened.
import { addArea } from '../lib/i18n.svelte';

const words = () =>
  addArea('requests', {
    tg: () => import('virtual:messages/tg/requests'),
    ru: () => import('virtual:messages/ru/requests'),
    en: () => import('virtual:messages/en/requests'),
  });
const stockWords = () =>
  addArea('stock', {
    tg: () => import('virtual:messages/tg/stock'),
    ru: () => import('virtual:messages/ru/stock'),
    en: () => import('virtual:messages/en/stock'),
  });

export const requests = () => Promise.all([import('./Requests.svelte'), words()]).then(([page]) => page.default);
export const history = () => Promise.all([import('./History.svelte'), words()]).then(([page]) => page.default);
export const reminders = () => Promise.all([import('./Reminders.svelte'), words()]).then(([page]) => page.default);
export const contact = () => Promise.all([import('./Contact.svelte'), words()]).then(([page]) => page.default);
export const access = () => Promise.all([import('./Access.svelte'), words()]).then(([page]) => page.default);
export const stock = () => Promise.all([import('../stock/Stock.svelte'), words(), stockWords()]).then(([page]) => page.default);
export const noPage = () => import('../parts/NoPage.svelte').then((page) => page.default);
/** Seldom parts of the report itself. */
export const unsettled = () => Promise.all([import('./Unsettled.svelte'), words()]).then(([part]) => part.default);
export const stockList = () => Promise.all([import('./StockList.svelte'), words()]).then(([part]) => part.default);
export const roomMore = () => Promise.all([import('./RoomMore.svelte'), words()]).then(([part]) => part.default);
