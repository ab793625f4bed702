// Passkeys by the browser. Its own JSON forms are missing in many that people carry, so binary fields are turned here:
// on the wire they are base64url.

type Creation = PublicKeyCredentialCreationOptionsJSON;
type Request = PublicKeyCredentialRequestOptionsJSON;

const bytesOf = (text: string) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
const textOf = (buffer: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');
const known = (list: { id: string; type: string; transports?: string[] }[] = []) =>
  list.map(({ id, transports }) => ({ id: bytesOf(id), type: 'public-key' as const, ...(transports && { transports: transports as AuthenticatorTransport[] }) }));

export const canSign = (): boolean => 'PublicKeyCredential' in globalThis;

/** What the person declined, or the device could not do, is `null`: why, browsers do not say. */
async function orNull(work: () => Promise<Credential | null>): Promise<PublicKeyCredential | null> {
  try {
    return (await work()) as PublicKeyCredential | null;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
const common = ({ id, rawId, type }: PublicKeyCredential) => ({ id, rawId: textOf(rawId), type, extensions: {} });

/** The proof that this device has one of the passkeys named. */
export async function signWith({ publicKey }: { publicKey: Request }): Promise<unknown> {
  const { allowCredentials, challenge, extensions: _extensions, ...rest } = publicKey;
  const asked = { ...rest, challenge: bytesOf(challenge), allowCredentials: known(allowCredentials) };
  const found = await orNull(() => navigator.credentials.get({ publicKey: asked as PublicKeyCredentialRequestOptions }));
  if (!found) return null;
  const { authenticatorData, clientDataJSON, signature, userHandle } = found.response as AuthenticatorAssertionResponse;
  const response = { authenticatorData: textOf(authenticatorData), clientDataJSON: textOf(clientDataJSON), signature: textOf(signature), userHandle: userHandle && textOf(userHandle) };
  return { ...common(found), response };
}

/** A new passkey. */
export async function makeOne({ publicKey }: { publicKey: Creation }): Promise<unknown> {
  const { challenge, user, excludeCredentials, extensions: _extensions, ...rest } = publicKey;
  const asked = { ...rest, challenge: bytesOf(challenge), user: { ...user, id: bytesOf(user.id) }, excludeCredentials: known(excludeCredentials) };
  const made = await orNull(() => navigator.credentials.create({ publicKey: asked as PublicKeyCredentialCreationOptions }));
  if (!made) return null;
  const { attestationObject, clientDataJSON } = made.response as AuthenticatorAttestationResponse;
  return { ...common(made), response: { attestationObject: textOf(attestationObject), clientDataJSON: textOf(clientDataJSON) } };
}
