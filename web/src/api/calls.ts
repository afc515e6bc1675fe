/** Calls that the generated client has no functions for: with the token of who is signed in, and failures as a `Problem`. */
import { client } from "./generated/client.gen";

const API = "/api/v1";
const NEXT = "X-Next-Cursor";
const LINE_END = "\r\n";
const security = [{ scheme: "bearer", type: "http" }] as const;

interface Call {
  path?: Record<string, string>;
  query?: object;
  signal?: AbortSignal;
}

interface WritingCall extends Call {
  body?: unknown;
  /** Marks one press: repeated with the call, so that the server does it once. */
  key?: string | undefined;
}

type Writing = "post" | "patch" | "delete";

export function get<T>(url: string, { path, query, signal }: Call = {}): Promise<T> {
  return client.get<{ 200: T }, unknown, true, "data">({
    url: API + url,
    security: [...security],
    path,
    query: { ...query },
    signal,
    responseStyle: "data",
    throwOnError: true,
  });
}

export const post = <T>(url: string, call: WritingCall = {}) => write<T>("post", url, call);
export const patch = <T>(url: string, call: WritingCall = {}) => write<T>("patch", url, call);
export const remove = <T>(url: string, call: WritingCall = {}) => write<T>("delete", url, call);

function write<T>(method: Writing, url: string, { body, key, path, query }: WritingCall): Promise<T> {
  return client[method]<{ 200: T }, unknown, true, "data">({
    url: API + url,
    security: [...security],
    path,
    query: { ...query },
    ...(body !== undefined && { body }),
    headers: {
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(key !== undefined && { "Idempotency-Key": key }),
    },
    responseStyle: "data",
    throwOnError: true,
  });
}

/** The same as CSV, all of its pages. */
export function getText(url: string, { path, query }: Call = {}): Promise<string> {
  return joinPages(async (cursor) => {
    const { data, response } = await client.get<{ 200: string }, unknown, true>({
      url: API + url,
      security: [...security],
      path,
      query: { ...query, ...(cursor !== undefined && { cursor }) },
      headers: { Accept: "text/csv" },
      parseAs: "text",
      responseStyle: "fields",
      throwOnError: true,
    });
    return { text: data, next: response.headers.get(NEXT) };
  });
}

type ReadPage = (cursor: string | undefined) => Promise<{ text: string; next: string | null }>;

/** All pages of a table as one text: each names the columns, the whole names them once. */
export async function joinPages(read: ReadPage): Promise<string> {
  let page = await read(undefined);
  let all = page.text;
  while (page.next !== null) {
    page = await read(page.next);
    all += page.text.slice(page.text.indexOf(LINE_END) + LINE_END.length);
  }
  return all;
}
