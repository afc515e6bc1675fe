/** The typed HTTP client. `api` speaks for who is signed in; `door` is for the calls that sign somebody in or out. */
import createClient from "openapi-fetch";

import { Problem, problemFrom, unreachable } from "./problem";
import type { paths } from "./schema.gen";
import { CLIENT_HEADER, freshToken, refresh } from "./session";

export const api = createClient<paths>({ fetch: authorizedFetch, headers: CLIENT_HEADER });
export const door = createClient<paths>({ fetch: (request) => fetch(request), headers: CLIENT_HEADER });

/** The data of a call, or a thrown Problem. */
export async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<NonNullable<T>> {
  const { data, error, response } = await orProblem(call);
  if (!response.ok) throw problemFrom(error, response);
  return data as NonNullable<T>;
}

/** Like `answer`, for calls whose answer has no body. */
export async function done(call: Promise<{ error?: unknown; response: Response }>): Promise<void> {
  const { error, response } = await orProblem(call);
  if (!response.ok) throw problemFrom(error, response);
}

async function orProblem<R>(call: Promise<R>): Promise<R> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Problem || isAbort(error)) throw error;
    throw unreachable();
  }
}

async function authorizedFetch(request: Request): Promise<Response> {
  // A body can be read once; the copy is for a second try.
  const again = request.clone();
  const response = await fetch(withToken(request, await freshToken()));
  if (response.status !== 401) return response;
  const token = await refresh();
  return token === null ? response : fetch(withToken(again, token));
}

function withToken(request: Request, token: string | null): Request {
  if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
