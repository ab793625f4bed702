// Which form of a message a number wants. Tajik nouns stay singular after a number; Chromium knows no Tajik anyway.

import type { Language } from '../messages/areas';

export type Form = 'one' | 'few' | 'many' | 'other';

export function pluralForm(language: Language, n: number): Form {
  if (language === 'tg') return 'other';
  if (language === 'en') return n === 1 ? 'one' : 'other';
  const whole = Math.abs(Math.trunc(n));
  if (whole !== Math.abs(n)) return 'few';
  const last = whole % 10;
  const lastTwo = whole % 100;
  if (last === 1 && lastTwo !== 11) return 'one';
  return last >= 2 && last <= 4 && (lastTwo < 12 || lastTwo > 14) ? 'few' : 'many';
}

/** The forms a language's file must have for a message that counts. */
export const formsOf: Record<Language, Form[]> = { tg: ['other'], ru: ['one', 'few', 'many'], en: ['one', 'other'] };
