// Who is signed in. A session that ended, or a screen that was locked, does not throw the page away: it waits, a
// dialog asks for the password again, and the request that failed is repeated. A manager who was here before has her page
// without a line too, and may save; who she is gets settled when the server is heard again.

import type { Answer, Geography, Me, Session, ShelterState, Way } from '../wire';
import { asApiError, clockAhead, get, post, put, request, setClockAhead, setDisabled, setUnauthorised } from './api';
import { forget, read, who, write, type Who } from './device';
import { addArea, isLanguage, lang, setLanguage, setZone, zone } from './i18n.svelte';
import type { Language } from '../messages/areas';

/** She left, or locked the screen: a page that opens forgets her and ends her session. All tabs hear of it. */
const leaving = 'leaving';
/** How long the server may take before a page that was here before opens from what the phone remembers. */
const patience = 1000;
const askEvery = 15_000;

/** What the dialog is about: a session that is over, a screen that was locked, or a fresh proof of who she is in one of these ways. */
export type Asking = 'over' | 'locked' | Way[] | null;
const state = $state<{ me: Me | null; asking: Asking; known: boolean; unreached: boolean }>({ me: null, asking: null, known: false, unreached: false });
let waiting: ((again: boolean) => void)[] = [];
/** Whether the server itself has said who this is. */
let sure = false;
let settling = false;
let words: Promise<void>;
/** Fetches the code of a role's pages. */
let prepare: (role: Me['role']) => void;
/** The figures of a manager's first shelter, asked for while the code of her page is on its way. */
let figures: Promise<ShelterState | null> | null = null;
/** She put the password off: not asked again before she does something that needs it. */
let later = false;

export const me = (): Me | null => state.me;
export const asking = (): Asking => state.asking;
/** Whether the question "who am I" has been answered. */
export const known = (): boolean => state.known;
/** Whether asking it failed. */
export const unreached = (): boolean => state.unreached;
/** Whose reports may be sent from this page: nobody's, once somebody else has signed in on this phone in another tab. */
export const account = (): string | null => (state.me && who()?.id === state.me.id ? state.me.id : null);

function hurry({ role, shelters: [first] }: Pick<Who, 'role' | 'shelters'>): void {
  prepare(role);
  // Only managers have any.
  if (first) figures ??= get<ShelterState>(`/shelters/${first.id}/state`).catch(() => null);
}
/** The figures that were asked for before her page was there; once. */
export function asked(): typeof figures {
  const found = figures;
  figures = null;
  return found;
}

export async function adopt(user: Me): Promise<void> {
  if (who()?.id !== user.id) forget();
  write('who', { id: user.id, role: user.role, shelters: user.shelters, ahead: clockAhead() } satisfies Who);
  if (user.time_zone) setZone(user.time_zone);
  hurry(user);
  await words;
  await addArea(user.role);
  sure = true;
  [state.me, state.known, state.unreached] = [user, true, false];
  answer(true);
  // Figures first: on a slow line the geography would stand in their way.
  if (!zone()) setTimeout(() => void learnZone(), 1500);
}

/** A manager's page from what the phone remembers: numbers of rooms, nobody's name. */
async function openAs({ id, role, shelters }: Who): Promise<void> {
  await words;
  await addArea(role);
  if (!state.me && !state.known) state.me = { id, role, shelters, name: '', email: '', language: lang(), organisation: null, time_zone: zone() ?? '', must_set_up_factor: false };
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

export async function start(ready: Promise<void>, fetchPages: typeof prepare): Promise<void> {
  [words, prepare] = [ready, fetchPages];
  setUnauthorised(askAgain);
  setDisabled(disabled);
  if (read(leaving)) forget();
  const last = who();
  if (last) {
    setClockAhead(last.ahead);
    hurry(last);
  }
  const early = last?.role === 'manager' ? setTimeout(() => void openAs(last), patience) : undefined;
  const seen = () => {
    if (document.visibilityState === 'visible') void settle();
  };
  addEventListener('online', seen);
  // She left or locked in another tab, or came back there.
  addEventListener('storage', ({ key, newValue }) => {
    if (key !== leaving || !state.me) return;
    if (newValue) return ask('locked');
    sure = state.known = false;
    void settle();
  });
  document.addEventListener('visibilitychange', seen);
  await settle();
  clearTimeout(early);
}

/** Asks the server who this is, and again later where it was not heard. */
async function settle(): Promise<void> {
  if (sure || state.known || settling) return;
  settling = true;
  try {
    if (read(leaving)) await endSession();
    const user = await get<Me>('/me');
    // Somebody else signed in on this phone meanwhile: what stands here is not hers.
    if (state.me && state.me.id !== user.id) location.reload();
    else await adopt(user);
  } catch (error) {
    const { status, code } = asApiError(error);
    const last = who();
    if (status === 401) {
      sure = true;
      if (!state.me) state.known = true;
      else if (code !== 'account_disabled') void askAgain();
    } else {
      // The server was not reached: that says nothing about who is here.
      if (last?.role === 'manager') await openAs(last);
      else state.unreached = true;
      setTimeout(() => void settle(), askEvery);
    }
  } finally {
    settling = false;
  }
}

export async function signIn(attempt: Answer & { email: string }): Promise<void> {
  const before = state.me;
  const { user } = await post<Session>('/session', attempt);
  write(leaving, null);
  if (before && before.id !== user.id) {
    forget();
    location.replace('/');
    return;
  }
  if (!before) {
    // A language chosen on this device wins over the one stored with the account; the account follows.
    if (isLanguage(user.language) && user.language !== lang()) void put('/me/language', { language: lang() }).catch(() => undefined);
  }
  await adopt(user);
}

/** The page while it is locked, each part with what keeps its place: out of the document, so that nothing in it can be read. */
let away: [Element, Comment][] = [];
let scrolled = 0;
/** What was taken away comes back once it is asked for nothing, or for a proof. */
function ask(what: Asking): void {
  state.asking = what;
  if (typeof what !== 'string') {
    for (const [part, place] of away) place.replaceWith(part);
    if (away.length) scrollTo(0, scrolled);
    away = [];
  } else if (!away.length) {
    scrolled = scrollY;
    away = [...document.querySelectorAll('#app > :not(dialog)')].map((part) => {
      const place = new Comment();
      part.replaceWith(place);
      return [part, place];
    });
  }
}
/** The dialog is done; `again`: what waits for it may be repeated. */
export function answer(again: boolean): void {
  ask(null);
  for (const resume of waiting.splice(0)) resume(again);
}

/** Asks for the password, or for a proof in one of these ways; resolves to whether it was given. */
export function askAgain(ways?: Way[]): Promise<boolean> {
  if (!state.me || (later && !ways)) return Promise.resolve(false);
  if (typeof state.asking !== 'string') ask(ways ?? 'over');
  return new Promise((resume) => waiting.push(resume));
}
/** Not now: what she saves waits on the phone. */
export function signInLater(): void {
  later = true;
  answer(false);
}
/** Hides the page at once and ends the session; what was typed is there again after signing in. */
export function lock(): void {
  ask('locked');
  endSession().then(() => state.asking && write(leaving, true), () => undefined);
}
/** She does something that wants the line: the password may be asked for again. */
export const mayAsk = (): void => void (later = false);

/** The account was disabled: nothing of it stays on this phone, its unsent reports included. */
function disabled(): void {
  const id = state.me?.id ?? who()?.id;
  forget();
  answer(false);
  [sure, state.me, state.known] = [true, null, true];
  if (id) void import('../queue/index').then((queue) => queue.wipe(id)).catch(() => undefined);
}

/** Ends the session; where the line is gone, the next start does it before anything else. */
async function endSession(): Promise<void> {
  write(leaving, true);
  try {
    await request('DELETE', '/session', { keepalive: true });
  } catch (error) {
    if (asApiError(error).status === 0) throw error;
  }
  write(leaving, null);
}

export async function signOut(): Promise<void> {
  forget();
  // Signing out here must not depend on the network.
  await endSession().catch(() => undefined);
  location.replace('/');
}

export async function chooseLanguage(language: Language): Promise<void> {
  await setLanguage(language);
  if (state.me && !state.asking) await put('/me/language', { language }).catch(() => undefined);
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
  forget();
  write(leaving, true);
  void fetch('/api/v1/session', { method: 'DELETE', keepalive: true, credentials: 'same-origin' }).then(() => write(leaving, null), () => undefined);
  history.replaceState(null, '', '/');
  location.replace(elsewhere[lang()]);
}
