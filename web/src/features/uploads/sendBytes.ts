/** Sends a body and tells how far it has come, which `fetch` cannot. */
import { BASE_PATH } from "@/api/basePath";
import { Problem, problemFrom, unreachable } from "@/api/problem";
import { CLIENT_HEADER, freshToken, renew } from "@/api/session";

interface Sending {
  method: "POST" | "PATCH" | "HEAD" | "DELETE";
  /** Of the API, from `/api/v1` on. */
  path: string;
  headers?: Record<string, string>;
  body?: Blob | FormData;
  signal: AbortSignal;
  onSent?: (bytes: number) => void;
}

interface Answer {
  body: unknown;
  header: (name: string) => string | null;
}

/** Throws a Problem for every answer that is none of success, and an AbortError once `signal` says so. */
export async function sendBytes(sending: Sending): Promise<Answer> {
  const token = await freshToken();
  if (token === null) throw new Problem({ code: "unauthorized", status: 401 });
  let request = await sent(sending, token);
  if (request.status === 401) {
    const fresh = await renew(token);
    if (fresh !== null) request = await sent(sending, fresh);
  }
  const body = parsed(request.responseText);
  if (request.status >= 200 && request.status < 300) {
    return { body, header: (name) => request.getResponseHeader(name) };
  }
  const retryAfter = request.getResponseHeader("Retry-After");
  const headers = new Headers(retryAfter === null ? {} : { "Retry-After": retryAfter });
  throw problemFrom(body, { status: request.status, headers } as Response);
}

function sent(sending: Sending, token: string): Promise<XMLHttpRequest> {
  const { method, path, headers = {}, body, signal, onSent } = sending;
  return new Promise((resolve, reject) => {
    const stop = () => {
      request.abort();
      reject(new DOMException("aborted", "AbortError"));
    };
    if (signal.aborted) {
      reject(new DOMException("aborted", "AbortError"));
      return;
    }
    const request = new XMLHttpRequest();
    request.open(method, `${BASE_PATH}${path}`);
    const all = { ...CLIENT_HEADER, ...headers, Authorization: `Bearer ${token}` };
    for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onSent?.(loaded);
    request.onerror = () => reject(unreachable());
    request.onload = () => resolve(request);
    request.onloadend = () => signal.removeEventListener("abort", stop);
    signal.addEventListener("abort", stop);
    request.send(body ?? null);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
