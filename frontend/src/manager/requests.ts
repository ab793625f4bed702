// The manager's pages beside the daily report, with the words they need: fetched when first opened.
import { addArea } from '../lib/i18n.svelte';

const words = () => addArea('requests');
export const requests = () => Promise.all([import('./Requests.svelte'), words()]).then(([page]) => page.default);
export const history = () => Promise.all([import('./History.svelte'), words()]).then(([page]) => page.default);
export const contact = () => Promise.all([import('./Contact.svelte'), words()]).then(([page]) => page.default);
