// Passkeys: bytes to the browser, base64url to the server.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { canSign, makeOne, signWith } from './passkey';

const bytes = (...values: number[]) => new Uint8Array(values).buffer;
let asked: { publicKey: Record<string, unknown> };
function credentials(answer: unknown): void {
  const take = (options: typeof asked) => {
    asked = options;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  vi.stubGlobal('navigator', { credentials: { get: take, create: take } });
}
afterEach(() => vi.unstubAllGlobals());

describe('passkeys', () => {
  // 0xfb 0xef 0xff is "--__": both letters that base64url has of its own.
  const request = { challenge: '--__AQ', rpId: 'panoh.example', allowCredentials: [{ id: 'AQID', type: 'public-key' as const }] };

  test('a proof is asked for with bytes and told without padding', async () => {
    const response = { authenticatorData: bytes(1), clientDataJSON: bytes(251, 239, 255), signature: bytes(255, 255), userHandle: null };
    credentials({ id: 'AQID', rawId: bytes(1, 2, 3), type: 'public-key', response });
    expect(await signWith({ publicKey: request })).toEqual({
      id: 'AQID',
      rawId: 'AQID',
      type: 'public-key',
      extensions: {},
      response: { authenticatorData: 'AQ', clientDataJSON: '--__', signature: '__8', userHandle: null },
    });
    expect(asked.publicKey).toMatchObject({ challenge: new Uint8Array([251, 239, 255, 1]), rpId: 'panoh.example' });
    expect(asked.publicKey.allowCredentials).toEqual([{ id: new Uint8Array([1, 2, 3]), type: 'public-key' }]);
  });

  test('a new one names whom it is for in bytes', async () => {
    credentials({ id: 'AQ', rawId: bytes(1), type: 'public-key', response: { attestationObject: bytes(9), clientDataJSON: bytes(8) } });
    const user = { id: 'Ag', name: 'a@b.example', displayName: 'A' };
    const made = await makeOne({ publicKey: { challenge: 'AQ', rp: { name: 'Panoh', id: 'panoh.example' }, user, pubKeyCredParams: [{ type: 'public-key', alg: -7 }] } });
    expect(made).toMatchObject({ rawId: 'AQ', response: { attestationObject: 'CQ', clientDataJSON: 'CA' } });
    expect(asked.publicKey.user).toEqual({ ...user, id: new Uint8Array([2]) });
  });

  test('declining is no fault', async () => {
    credentials(new DOMException('', 'NotAllowedError'));
    expect(await signWith({ publicKey: request })).toBeNull();
  });

  test('anything else is', async () => {
    credentials(new TypeError('ours'));
    await expect(signWith({ publicKey: request })).rejects.toThrow('ours');
  });

  test('a browser without them says so', () => expect(canSign()).toBe(false));
});
