// A small router on the History API. A path is matched by the screens of a role; after each change of page the
// heading takes the focus, so that a screen reader says where one is.

import { tick } from 'svelte';

const route = $state({ path: location.pathname, title: '', sub: '' });

export const path = (): string => route.path;
export const page = { title: () => route.title, sub: () => route.sub };

/** Each screen says what it is called; the browser's tab says the same and nothing about shelters. */
export function setPage(title: string, sub = ''): void {
  route.title = title;
  route.sub = sub;
  document.title = title;
}

export async function go(to: string, replace = false): Promise<void> {
  if (to !== location.pathname) history[replace ? 'replaceState' : 'pushState'](null, '', to);
  await arrive();
}

async function arrive(): Promise<void> {
  if (route.path === location.pathname) return;
  route.path = location.pathname;
  scrollTo(0, 0);
  await tick();
  focusHeading();
}

export function focusHeading(): void {
  document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
}

/** Plain clicks on our own links stay in the app. */
function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.origin !== location.origin || link.hasAttribute('download') || link.hash) return;
  event.preventDefault();
  void go(link.pathname);
}

export function startRouter(): void {
  addEventListener('popstate', () => void arrive());
  document.addEventListener('click', onClick);
}

export { match } from './match';
