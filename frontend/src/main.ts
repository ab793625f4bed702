// The start: the language, who is here, and the code of the role seen last, all asked for at once.

import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { firstLanguage, setLanguage } from './lib/i18n.svelte';
import { startRouter } from './lib/router.svelte';
import { start } from './lib/session.svelte';
import { screens } from './shell/screens';
// Small parts that most pages use ride in the first file: it compresses better than two, and is asked for once.
import './parts/State.svelte';
import './parts/Stepper.svelte';
import './parts/active';
import './lib/tick.svelte';

const words = setLanguage(firstLanguage());
startRouter();
// Who is here is asked while the words are on their way.
void start(words, (role) => void screens[role]().catch(() => undefined));
words.then(
  () => {
    const target = document.getElementById('app');
    if (target) mount(App, { target });
  },
  // Not even the words arrived: try again when the line may be back.
  () => setTimeout(() => location.reload(), 5000),
);
