// One way to the server: JSON, problem answers as typed errors, a clock set by the server, safe repeats.
// It knows nothing about screens; who asks for a new sign-in, or for a proof of who one is, is told to it by `setUnauthorised`.

import type { Challenge, FieldError, Problem, Suggestion, Way } from '../wire';

/** What went wrong, as the server said it; `code` is `offline` when nothing was heard at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: FieldError[];
  readonly suggestions: Suggestion[];
  /** How one may prove who one is, where that is asked. */
  readonly ways: Way[];
  readonly passkey: Challenge | null;
  /** Seconds to wait before it is worth another try. */
  readonly after: number;

  constructor(problem: Partial<Problem> & { status: number; code: string; after?: number }) {
    super(problem.detail || problem.title || problem.code);
    this.status = problem.status;
    this.code = problem.code;
    this.errors = problem.errors ?? [];
    this.suggestions = problem.suggestions ?? [];
    this.ways = problem.ways ?? [];
    this.passkey = problem.passkey ?? null;
    this.after = problem.after ?? 0;
  }
}

export interface Options {
  body?: unknown;
  /** A file as the body, with its own type. */
  file?: Blob;
  /** Version for `If-Match`. */
  version?: number | string | null;
  /** Same key, same effect: keep it while repeating one save. */
  key?: string;
  query?: Record<string, string | number | null | undefined>;
  keepalive?: boolean;
  /** The answer is a file, taken as it comes. */
  blob?: boolean;
  /** One attempt, and nobody is asked for a password: who calls repeats by itself. */
  once?: boolean;
}
export interface Answer<T> {
  data: T;
  etag: string | null;
}
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

const base = '/api/v1';
/** How many milliseconds the server's clock is ahead of this device's. */
let ahead = 0;
let language = 'tg';
let onUnauthorised: (ways?: Way[]) => Promise<boolean> = async () => false;
let onDisabled: () => void = () => undefined;

export const serverNow = (): number => Date.now() + ahead;
export function setApiLanguage(code: string): void {
  language = code;
}
/** `handler` resolves to true when the person has signed in again, or proved in one of `ways` who they are, and the request may be repeated. */
export function setUnauthorised(handler: (ways?: Way[]) => Promise<boolean>): void {
  onUnauthorised = handler;
}
/** `handler` is told when the server says that the account of this session was disabled. */
export function setDisabled(handler: () => void): void {
  onDisabled = handler;
}
/** What the phone remembers of the server's clock, for a start without a line. */
export const clockAhead = (): number => ahead;
export function setClockAhead(ms: number): void {
  ahead = ms;
}

/** A random key; `randomUUID` is missing on plain http, `getRandomValues` is not. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

function setClock(response: Response): void {
  const date = Date.parse(response.headers.get('date') ?? '');
  // The header has whole seconds: the middle of the second is the best guess.
  if (date) ahead = date + 500 - Date.now();
}

async function problemOf(response: Response): Promise<ApiError> {
  let problem: Partial<Problem> = {};
  try {
    problem = (await response.json()) as Problem;
  } catch {
    // An answer of something between us and the server: the status is all there is.
  }
  return new ApiError({ ...problem, status: response.status, code: problem.code ?? `http_${response.status}`, after: Number(response.headers.get('retry-after')) });
}

/** Sends once, and again where nothing was heard or the server was busy: repeats are safe (reads, or the same key). */
async function send(url: string, init: RequestInit, once = false): Promise<Response> {
  for (let attempt = once ? 2 : 0; ; attempt += 1) {
    try {
      const response = await fetch(url, init);
      if (response.status !== 503 || attempt >= 2) return response;
    } catch {
      if (attempt >= 2) throw new ApiError({ status: 0, code: 'offline' });
    }
    await wait(400 * 4 ** attempt);
  }
}

export async function request<T>(method: Method, path: string, options: Options = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.file) headers['Content-Type'] = options.file.type;
  if (method === 'POST') headers['Idempotency-Key'] = options.key ?? newKey();
  if (method === 'PUT' && options.version != null) headers['If-Match'] = `"${options.version}"`;
  const query = Object.entries(options.query ?? {}).filter(([, value]) => value != null && value !== '');
  const search = query.length ? `?${new URLSearchParams(query.map(([k, v]) => [k, String(v)]))}` : '';
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store', keepalive: options.keepalive ?? false };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  else if (options.file) init.body = options.file;

  for (;;) {
    const response = await send(base + path + search, init, options.once);
    setClock(response);
    if (!response.ok) {
      const problem = await problemOf(response);
      // A wrong password or code is an answer too, and no session that has ended.
      const ended = problem.status === 401 && path !== '/session' && /^(not_|account|http)/.test(problem.code);
      if (ended && problem.code === 'account_disabled') onDisabled();
      else if (((ended && path !== '/me') || problem.code === 'proof_needed') && !options.once && (await onUnauthorised(ended ? undefined : problem.ways))) continue;
      throw problem;
    }
    const etag = response.headers.get('etag')?.replace(/^W\/|"/g, '') ?? null;
    if (options.blob) return { data: (await response.blob()) as T, etag };
    // What is done, or will be, may need no words.
    const text = await response.text();
    return { data: (text ? JSON.parse(text) : undefined) as T, etag };
  }
}

export const get = async <T>(path: string, query?: Options['query']): Promise<T> =>
  (await request<T>('GET', path, query ? { query } : {})).data;
export const post = async <T>(path: string, body: unknown = {}, key?: string): Promise<T> =>
  (await request<T>('POST', path, key ? { body, key } : { body })).data;
export const put = async <T>(path: string, body: unknown, version?: number | string | null): Promise<T> =>
  (await request<T>('PUT', path, { body, version: version ?? null })).data;
export const remove = async (path: string): Promise<void> => void (await request('DELETE', path));

/** The whole of a paged list, for lists that are short by nature. */
export async function all<T>(path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: T[]; next_cursor: string | null } = await get(path, { limit: 50, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < 2000);
  return items;
}

export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError({ status: 0, code: 'unexpected', detail: String(error) });
