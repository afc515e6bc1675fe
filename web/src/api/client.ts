/**
 * How the generated client (`generated/`) speaks with the studio: with the token of who is signed in, where a call wants one, and with
 * every failure as a `Problem`.
 */
import type { CreateClientConfig } from "./generated/client.gen";
import { problemFrom, unreachable } from "./problem";
import { CLIENT_HEADER, freshToken, refresh } from "./session";

export const createClientConfig: CreateClientConfig = (config) => ({
  ...config,
  // The page and its API share an origin.
  baseUrl: "",
  headers: CLIENT_HEADER,
  auth: async () => (await freshToken()) ?? undefined,
  fetch: async (request) => answered(await authorized(request as Request)),
});

/** Sends a request; one whose token was refused is sent once more with a new one. */
async function authorized(request: Request): Promise<Response> {
  const token = request.headers.get("Authorization");
  // A body can be read once; the copy is for the second try.
  const again = request.clone();
  const response = await send(request);
  if (response.status !== 401 || token === null) return response;
  const fresh = await refresh();
  if (fresh === null) return response;
  again.headers.set("Authorization", `Bearer ${fresh}`);
  return send(again);
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
  if (response.status !== 204 && !response.headers.get("Content-Type")?.includes("json")) throw unreachable();
  return response;
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
