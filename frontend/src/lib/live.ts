// News from the server: server-sent events where they work, asking again every half minute where they do not.
// All who listen share one connection: a browser has few of them to give.

export interface News {
  availability?: () => void;
  hold?: () => void;
  /** A place appeared for a referral that waits. */
  place?: () => void;
  /** Whether news arrives by itself. */
  connected?: (yes: boolean) => void;
}

const pollEvery = 30_000;
const kinds = ['availability', 'hold', 'place'] as const;
const listeners = new Set<News>();
let close: (() => void) | null = null;
let up = false;

function connect(): () => void {
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  const tell = (kind: (typeof kinds)[number]) => listeners.forEach((news) => news[kind]?.());
  const connected = (yes: boolean) => {
    up = yes;
    listeners.forEach((news) => news.connected?.(yes));
  };
  const askAll = () => kinds.forEach(tell);
  const open = () => {
    source = new EventSource('/api/v1/availability/stream');
    source.onopen = () => {
      if (failures > 0) askAll();
      failures = 0;
      connected(true);
    };
    source.onerror = () => {
      failures += 1;
      connected(false);
      if (source?.readyState === EventSource.CLOSED) {
        clearTimeout(retry);
        retry = setTimeout(open, Math.min(60_000, 2_000 * 2 ** failures));
      }
    };
    for (const kind of kinds) source.addEventListener(kind, () => tell(kind));
  };
  const poll = setInterval(() => {
    if (document.visibilityState === 'visible' && source?.readyState !== EventSource.OPEN) askAll();
  }, pollEvery);
  const seen = () => {
    if (document.visibilityState === 'visible') askAll();
  };
  document.addEventListener('visibilitychange', seen);
  open();
  return () => {
    clearInterval(poll);
    clearTimeout(retry);
    document.removeEventListener('visibilitychange', seen);
    source?.close();
  };
}

/** Starts listening; returns how to stop. While the page is hidden nothing is polled, and on return everything is asked once. */
export function listen(news: News): () => void {
  listeners.add(news);
  close ??= connect();
  if (up) news.connected?.(true);
  return () => {
    listeners.delete(news);
    if (listeners.size > 0) return;
    close?.();
    [close, up] = [null, false];
  };
}
