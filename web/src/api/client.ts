/**
 * How the generated client (`generated/`) speaks with the studio: with the token of who is signed in, where a call wants one, and with
 * every failure as a `Problem`.
 */
import { BASE_PATH } from "./basePath";
import type { CreateClientConfig } from "./generated/client.gen";
import { problemFrom, unreachable, type Problem } from "./problem";
import { askForProof } from "./proof";
import { CLIENT_HEADER, endView, freshToken, isViewToken, renew, signOut } from "./session";

export const createClientConfig: CreateClientConfig = (config) => ({
  ...config,
  // The page and its API share an origin.
  baseUrl: BASE_PATH,
  headers: CLIENT_HEADER,
  auth: async () => (await freshToken()) ?? undefined,
  fetch: async (request) => answered(await authorized(request as Request)),
});

/**
 * Sends a request. One whose token was refused is sent once more with a new one; one that wants a fresh proof of who is there, once the
 * person has given it.
 */
async function authorized(request: Request): Promise<Response> {
  const token = request.headers.get("Authorization")?.replace("Bearer ", "");
  if (token === undefined) return send(request);
  // A body can be read once; the copies are for further tries.
  const [again, proven] = [request.clone(), request.clone()];
  let response = await send(request);
  if (response.status === 401) {
    // A password that is wrong does not get better by another token.
    const fresh = (await problemOf(response)).code === "invalid_credentials" ? null : await renew(token);
    if (fresh === null) return response;
    for (const copy of [again, proven]) copy.headers.set("Authorization", `Bearer ${fresh}`);
    response = await send(again);
  }
  if (response.status !== 403) return response;
  const problem = await problemOf(response);
  const { code } = problem;
  // Of somebody who is looked at, that is nothing that has happened to oneself.
  if (isViewToken(token)) {
    if (code === "account_suspended" || code === "account_leaving") endView();
    return response;
  }
  if (code === "account_suspended") signOut(problem);
  // The account was deleted meanwhile: who is there is asked anew, and what may still be done is seen from that.
  if (code === "account_leaving") await renew(token);
  if (code !== "proof_needed" || !(await askForProof())) return response;
  return send(proven);
}

async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return problemFrom(body, response);
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
