// The glossary with its words: fetched when it is opened, by whomever.

import { addArea } from '../lib/i18n.svelte';
import Glossary from './Glossary.svelte';

export const glossary = () =>
  addArea('glossary', {
    tg: () => import('virtual:messages/tg/glossary'),
    ru: () => import('virtual:messages/ru/glossary'),
    en: () => import('virtual:messages/en/glossary'),
  }).then(() => Glossary);
