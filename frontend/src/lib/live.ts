// News from the server: server-sent events where they work, asking again every half minute where they do not.

export interface News {
  availability?: () => void;
  hold?: (news: { hold_id: string; state: string }) => void;
  /** Whether news arrives by itself. */
  connected?: (yes: boolean) => void;
}

const pollEvery = 30_000;

/** Starts listening; returns how to stop. While the page is hidden nothing is polled, and on return everything is asked once. */
export function listen(news: News): () => void {
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  const askAll = () => {
    news.availability?.();
    news.hold?.({ hold_id: '', state: '' });
  };
  const open = () => {
    source = new EventSource('/api/v1/availability/stream');
    source.onopen = () => {
      if (failures > 0) askAll();
      failures = 0;
      news.connected?.(true);
    };
    source.onerror = () => {
      failures += 1;
      news.connected?.(false);
      if (source?.readyState === EventSource.CLOSED) {
        clearTimeout(retry);
        retry = setTimeout(open, Math.min(60_000, 2_000 * 2 ** failures));
      }
    };
    source.addEventListener('availability', () => news.availability?.());
    source.addEventListener('hold', (event) => {
      news.hold?.(JSON.parse((event as MessageEvent<string>).data) as { hold_id: string; state: string });
    });
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
