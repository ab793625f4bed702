// Who is signed in. A session that ended does not throw the page away: a dialog asks for the password again, and the
// request that failed is repeated.

import type { Geography, Me, Session } from '../wire';
import { ApiError, get, post, put, request, setUnauthorised } from './api';
import { addArea, isLanguage, lang, setLanguage, setZone, zone } from './i18n.svelte';
import type { Language } from '../messages/areas';

const lastRole = 'start';
const state = $state<{ me: Me | null; expired: boolean; known: boolean; unreached: boolean }>({ me: null, expired: false, known: false, unreached: false });
let waiting: ((again: boolean) => void)[] = [];

export const me = (): Me | null => state.me;
export const expired = (): boolean => state.expired;
/** Whether the question "who am I" has been answered. */
export const known = (): boolean => state.known;
/** Whether asking it failed. */
export const unreached = (): boolean => state.unreached;

/** The role of the last visit, so that its code can be fetched before the server has said who this is. */
export function expectedRole(): Me['role'] | null {
  try {
    const role = localStorage.getItem(lastRole);
    return role === 'manager' || role === 'officer' || role === 'committee' || role === 'admin' ? role : null;
  } catch {
    return null;
  }
}

function remember(role: string | null): void {
  try {
    if (role) localStorage.setItem(lastRole, role);
    else localStorage.removeItem(lastRole);
  } catch {
    // Nothing is lost but a moment at the next start.
  }
}

async function adopt(user: Me): Promise<void> {
  remember(user.role);
  if (user.time_zone) setZone(user.time_zone);
  await addArea(user.role);
  state.me = user;
  // Figures first: on a slow line the geography would stand in their way.
  if (!zone()) setTimeout(() => void learnZone(), 1500);
}

let geographyAsked: Promise<Geography> | null = null;
/** The country pack's places, asked for once. */
export function geography(): Promise<Geography> {
  geographyAsked ??= get<Geography>('/geography').then(
    (found) => {
      setZone(found.time_zone);
      return found;
    },
    (error: unknown) => {
      geographyAsked = null;
      throw error;
    },
  );
  return geographyAsked;
}

/** Times are shown in the country's zone, not the device's; where the server does not say it with the user, ask later. */
async function learnZone(): Promise<void> {
  try {
    await geography();
  } catch {
    // Offline: the device's own zone will do.
  }
}

export async function start(): Promise<void> {
  setUnauthorised(askAgain);
  try {
    await adopt(await get<Me>('/me'));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) {
      // The server was not reached: that says nothing about who is here.
      state.unreached = true;
      return;
    }
    remember(null);
  }
  state.known = true;
}

export async function signIn(email: string, password: string): Promise<void> {
  const before = state.me;
  const { user } = await post<Session>('/session', { email, password });
  if (before && before.id !== user.id) {
    location.replace('/');
    return;
  }
  if (!before) {
    // A language chosen on this device wins over the one stored with the account; the account follows.
    if (isLanguage(user.language) && user.language !== lang()) void put('/me/language', { language: lang() }).catch(() => undefined);
  }
  await adopt(user);
  state.expired = false;
  for (const resume of waiting.splice(0)) resume(true);
}

function askAgain(): Promise<boolean> {
  if (!state.me) return Promise.resolve(false);
  state.expired = true;
  return new Promise((resume) => waiting.push(resume));
}

export async function signOut(): Promise<void> {
  try {
    await request('DELETE', '/session', { keepalive: true });
  } catch {
    // Signing out here must not depend on the network.
  }
  remember(null);
  for (const resume of waiting.splice(0)) resume(false);
  location.replace('/');
}

export async function chooseLanguage(language: Language): Promise<void> {
  await setLanguage(language);
  if (state.me && !state.expired) await put('/me/language', { language }).catch(() => undefined);
}

const elsewhere: Record<Language, string> = {
  tg: 'https://tg.wikipedia.org/',
  ru: 'https://ru.wikipedia.org/',
  en: 'https://en.wikipedia.org/',
};

/** Quick exit: the screen goes blank at once, the session ends, the page is replaced in the history. */
export function leave(): void {
  document.documentElement.classList.add('left');
  document.title = '…';
  remember(null);
  void fetch('/api/v1/session', { method: 'DELETE', keepalive: true, credentials: 'same-origin' }).catch(() => undefined);
  history.replaceState(null, '', '/');
  location.replace(elsewhere[lang()]);
}
