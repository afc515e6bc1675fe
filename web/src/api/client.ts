/**
 * How the generated client (`generated/`) speaks with the studio: with the token of who is signed in, where a call wants one, and with
 * every failure as a `Problem`.
 */
import type { CreateClientConfig } from "./generated/client.gen";
import { problemFrom, unreachable } from "./problem";
import { proven } from "./proof";
import { CLIENT_HEADER, freshToken, renew } from "./session";

export const createClientConfig: CreateClientConfig = (config) => ({
  ...config,
  // The page and its API share an origin.
  baseUrl: "",
  headers: CLIENT_HEADER,
  auth: async () => (await freshToken()) ?? undefined,
  fetch: async (request) => answered(await authorized(request as Request)),
});

/** Sends a request; one whose token was refused is sent once more with a new one, one that wants proof once there is some. */
async function authorized(request: Request): Promise<Response> {
  const token = request.headers.get("Authorization")?.replace("Bearer ", "");
  // A body can be read once; the copies are for the second try, and the third.
  const again = request.clone();
  const proved = request.clone();
  const response = await send(request);
  if (token === undefined) return response;
  if (response.status === 403 && (await codeOf(response)) === "proof_needed" && (await proven())) {
    const fresh = await freshToken();
    if (fresh !== null) proved.headers.set("Authorization", `Bearer ${fresh}`);
    return send(proved);
  }
  // A password that is wrong does not get better by another token.
  if (response.status !== 401 || (await codeOf(response)) === "invalid_credentials") return response;
  const fresh = await renew(token);
  if (fresh === null) return response;
  again.headers.set("Authorization", `Bearer ${fresh}`);
  return send(again);
}

async function codeOf(response: Response): Promise<unknown> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return problemFrom(body, response).code;
}

async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    throw isAbort(error) ? error : unreachable();
  }
}

async function answered(response: Response): Promise<Response> {
  if (!response.ok) throw problemFrom(await response.json().catch(() => null), response);
  // What answers with a page instead, such as a network's sign-in, is not the studio.
  const kind = response.headers.get("Content-Type") ?? "";
  if (response.status !== 204 && !/json|text\/csv/.test(kind)) throw unreachable();
  return response;
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
