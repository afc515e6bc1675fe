/**
 * Passkeys as browsers have them: what the server asks is read from JSON, and what the browser gives is written as JSON, by ourselves,
 * since neither every browser nor every keeper of passkeys does it.
 */
import { Problem } from "@/api/problem";

type Json = Record<string, unknown>;

/** Whether passkeys can be used on this page: the browser has them, and the address has a name. */
export function hasPasskeys(): boolean {
  const { PublicKeyCredential: known } = window as Partial<Window & typeof globalThis>;
  return known !== undefined && window.isSecureContext && !/^[\d.]+$|:/.test(window.location.hostname);
}

/** Whether the browser offers passkeys where an address is typed. */
export async function fillsInPasskeys(): Promise<boolean> {
  if (!hasPasskeys()) return false;
  const { isConditionalMediationAvailable: ask } = PublicKeyCredential as Partial<typeof PublicKeyCredential>;
  return ask === undefined ? false : ask.call(PublicKeyCredential);
}

/** Has the browser make a passkey. Throws a Problem, `passkey_canceled` where the person would not. */
export async function makePasskey(options: Json): Promise<Json> {
  const made = await spoken(
    navigator.credentials.create({
      publicKey: fromJson(options) as unknown as PublicKeyCredentialCreationOptions,
    }),
  );
  const answer = made.response as AuthenticatorAttestationResponse;
  return {
    ...common(made),
    response: {
      clientDataJSON: encode(answer.clientDataJSON),
      attestationObject: encode(answer.attestationObject),
      transports: (answer as Partial<AuthenticatorAttestationResponse>).getTransports?.call(answer) ?? [],
    },
  };
}

/** Has the browser show a passkey: asked for at once, or, with a signal, whenever one is picked where an address is typed. */
export async function showPasskey(options: Json, whenPicked?: AbortSignal): Promise<Json> {
  const shown = await spoken(
    navigator.credentials.get({
      publicKey: fromJson(options) as unknown as PublicKeyCredentialRequestOptions,
      ...(whenPicked && { mediation: "conditional", signal: whenPicked }),
    }),
  );
  const answer = shown.response as AuthenticatorAssertionResponse;
  return {
    ...common(shown),
    response: {
      clientDataJSON: encode(answer.clientDataJSON),
      authenticatorData: encode(answer.authenticatorData),
      signature: encode(answer.signature),
      userHandle: answer.userHandle && encode(answer.userHandle),
    },
  };
}

async function spoken(asked: Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const given = await asked;
    if (given instanceof PublicKeyCredential) return given;
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "InvalidStateError") throw new Problem({ code: "passkey_exists", status: 409 });
    if (name === "SecurityError") throw new Problem({ code: "passkeys_unavailable", status: 409 });
    if (name !== "NotAllowedError" && name !== "AbortError") throw error;
  }
  throw new Problem({ code: "passkey_canceled", status: 403 });
}

function common(credential: PublicKeyCredential): Json {
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

/** The options with their bytes, which JSON has as base64url. */
function fromJson(options: Json): Json {
  const { challenge, user, allowCredentials, excludeCredentials, ...rest } = options;
  const known = (list: unknown) =>
    Array.isArray(list) ? list.map((one: Json) => ({ ...one, id: decode(one.id) })) : undefined;
  return {
    ...rest,
    challenge: decode(challenge),
    ...(isRecord(user) && { user: { ...user, id: decode(user.id) } }),
    ...(allowCredentials !== undefined && { allowCredentials: known(allowCredentials) }),
    ...(excludeCredentials !== undefined && { excludeCredentials: known(excludeCredentials) }),
  };
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

export function encode(bytes: ArrayBuffer): string {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function decode(text: unknown): Uint8Array<ArrayBuffer> {
  const bytes = atob(String(text).replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(bytes, (sign) => sign.charCodeAt(0));
}
