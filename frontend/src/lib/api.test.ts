// The door to the server: what is repeated, and with which key.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiError, get, newKey, post, put, serverNow, setUnauthorised } from './api';

type Call = { url: string; init: RequestInit };
let calls: Call[] = [];
function answer(...responses: (Response | Error)[]): void {
  calls = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    calls.push({ url, init });
    const next = responses[Math.min(calls.length, responses.length) - 1];
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next?.clone());
  });
}
const header = (at: number, name: string) => (calls[at]?.init.headers as Record<string, string>)[name];
const problem = (status: number, code: string, more = {}) =>
  new Response(JSON.stringify({ status, code, title: '', detail: 'x', ...more }), { status, headers: { 'content-type': 'application/problem+json' } });

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  setUnauthorised(async () => false);
});
async function settle<T>(promise: Promise<T>): Promise<T | ApiError> {
  const caught = promise.catch((error: unknown) => error as ApiError);
  await vi.runAllTimersAsync();
  return caught;
}

describe('requests', () => {
  test('a lost connection is tried three times with the same key', async () => {
    answer(new TypeError('down'), new TypeError('down'), Response.json({ id: 'a' }));
    expect(await settle(post('/shelters/s/reports', { rooms: [] }, 'k1'))).toEqual({ id: 'a' });
    expect(calls).toHaveLength(3);
    expect(calls.map((_, at) => header(at, 'Idempotency-Key'))).toEqual(['k1', 'k1', 'k1']);
  });

  test('nothing heard at all is offline, not a fault of the form', async () => {
    answer(new TypeError('down'));
    const error = await settle(get('/me'));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'offline', status: 0 });
  });

  test('a refusal is not repeated and keeps its fields', async () => {
    answer(problem(422, 'invalid_fields', { errors: [{ field: 'email', code: 'required', detail: 'x' }] }));
    expect(await settle(post('/users', {}))).toMatchObject({ status: 422, code: 'invalid_fields', errors: [{ field: 'email' }] });
    expect(calls).toHaveLength(1);
  });

  test('after signing in again the same request goes out with the same key', async () => {
    answer(problem(401, 'not_signed_in'), Response.json({ id: 'h' }));
    setUnauthorised(async () => true);
    expect(await settle(post('/referrals/r/holds', { shelter_id: 's' }))).toEqual({ id: 'h' });
    expect(header(0, 'Idempotency-Key')).toBe(header(1, 'Idempotency-Key'));
  });

  test('a wrong password is an answer, not an ended session', async () => {
    answer(problem(401, 'wrong_credentials'));
    setUnauthorised(async () => true);
    expect(await settle(post('/session', {}))).toMatchObject({ code: 'wrong_credentials' });
  });

  test('after a proof of who one is the same request goes out with the same key', async () => {
    answer(problem(403, 'proof_needed', { ways: ['totp'] }), Response.json({ id: 't' }));
    let asked: unknown;
    setUnauthorised(async (ways) => !!(asked = ways));
    expect(await settle(post('/tokens', { name: 'x' }))).toEqual({ id: 't' });
    expect(asked).toEqual(['totp']);
    expect(header(0, 'Idempotency-Key')).toBe(header(1, 'Idempotency-Key'));
  });

  test('a proof that is not given is a refusal', async () => {
    answer(problem(403, 'proof_needed', { ways: ['password'] }));
    expect(await settle(put('/users/u', {}))).toMatchObject({ code: 'proof_needed', ways: ['password'] });
    expect(calls).toHaveLength(1);
  });

  test('a wrong code is an answer, wherever it is given', async () => {
    answer(problem(401, 'wrong_code'));
    setUnauthorised(async () => true);
    expect(await settle(post('/session/proof', { code: '1' }))).toMatchObject({ code: 'wrong_code' });
  });

  test('how long to wait is told', async () => {
    const { status, headers } = problem(429, 'wait');
    answer(new Response('{"code":"wait"}', { status, headers: { ...Object.fromEntries(headers), 'retry-after': '240' } }));
    expect(await settle(post('/session', {}))).toMatchObject({ code: 'wait', after: 240 });
  });

  test('an answer may be empty', async () => {
    answer(new Response(null, { status: 202 }));
    expect(await settle(post('/resets', {}))).toBeUndefined();
  });

  test('a lost place brings the next ones', async () => {
    answer(problem(409, 'no_bed_left', { suggestions: [{ shelter_code: 'TJ-SU-02' }] }));
    expect(await settle(post('/referrals/r/holds', {}))).toMatchObject({ suggestions: [{ shelter_code: 'TJ-SU-02' }] });
  });

  test('a change names the version it was made from', async () => {
    answer(Response.json({}));
    await settle(put('/shelters/s', {}, 7));
    expect(header(0, 'If-Match')).toBe('"7"');
  });

  test("the server's clock is the one that counts", async () => {
    const ahead = new Date(Date.now() + 3_600_000).toUTCString();
    answer(Response.json({}, { headers: { date: ahead } }));
    await settle(get('/items'));
    expect(Math.abs(serverNow() - Date.now() - 3_600_000)).toBeLessThan(2000);
  });

  test('keys differ', () => expect(newKey()).not.toBe(newKey()));
});
