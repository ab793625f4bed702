// The start: the language, who is here, and the code of the role seen last, all asked for at once.

import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { addArea, firstLanguage, setLanguage } from './lib/i18n.svelte';
import { startRouter } from './lib/router.svelte';
import { expectedRole, start } from './lib/session.svelte';
import { screens } from './shell/screens';

const words = setLanguage(firstLanguage());
const role = expectedRole();
if (role) void Promise.all([screens[role](), words.then(() => addArea(role))]).catch(() => undefined);
startRouter();
words.then(
  () => {
    const target = document.getElementById('app');
    if (target) mount(App, { target });
    return start();
  },
  // Not even the words arrived: try again when the line may be back.
  () => setTimeout(() => location.reload(), 5000),
);
