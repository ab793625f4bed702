// The app's own words, so that a spec says which message it looks for and runs in every language.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from './server.js';

/** @returns {(key: string) => string | RegExp} the words of a message; of one with places to fill, a pattern. */
export function words(language) {
  const messages = JSON.parse(readFileSync(path.join(repository, `frontend/src/messages/${language}.json`), 'utf8'));
  return (key) => {
    const text = messages[key];
    if (text === undefined) throw new Error(`no message ${key} in ${language}`);
    if (!text.includes('{')) return text;
    const quoted = text.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${quoted.join('.+')}`);
  };
}
