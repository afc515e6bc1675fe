/**
 * A large picture is sent in parts by the protocol that the field has for it (tus 1.0). What the server has of it stays there when the
 * line breaks or the page is closed, for as long as the server says: the same file goes on from there.
 */
import { asProblem, Problem } from "@/api/problem";
import { getUpload } from "@/api/generated";
import type { ImageDetails } from "@/api/types";

import { sendBytes } from "./sendBytes";
import { waitFor } from "./waitFor";

const PART = 4 * 1024 * 1024;
/** In a row, without a byte more than before. */
const MOST_FAILURES = 6;
const VERSION = { "Tus-Resumable": "1.0.0" };
const BEGUN = "pingvas.uploads";

interface Sending {
  file: File;
  signal: AbortSignal;
  onSent: (bytes: number) => void;
}

export async function sendResumable({ file, signal, onSent }: Sending): Promise<ImageDetails> {
  let path = begun(file);
  let offset = path === null ? null : await offsetOf(path, signal);
  if (path === null || offset === null) {
    path = await create(file, signal);
    offset = 0;
  }
  let failures = 0;
  while (offset < file.size) {
    const from = offset;
    onSent(from);
    try {
      offset = await sendPart(path, file, from, signal, (bytes) => onSent(from + bytes));
      failures = 0;
    } catch (error) {
      const problem = mayGoOn(error);
      failures += 1;
      if (failures > MOST_FAILURES) throw problem;
      await waitFor(problem.retryAfter ?? 0.5 * 2 ** failures, signal);
      const there = await offsetOf(path, signal);
      if (there === null) throw problem;
      if (there > offset) failures = 0;
      offset = there;
    }
  }
  onSent(file.size);
  return outcome(path, file, signal);
}

/** What was begun is given up, here and there. */
export async function forgetResumable(file: File): Promise<void> {
  const path = begun(file);
  if (path === null) return;
  remember(file, null);
  await sendBytes({ method: "DELETE", path, headers: VERSION, signal: new AbortController().signal }).catch(
    () => undefined,
  );
}

async function create(file: File, signal: AbortSignal): Promise<string> {
  const metadata = `filename ${base64(file.name)},filetype ${base64(file.type)}`;
  const { header } = await sendBytes({
    method: "POST",
    path: "/api/v1/uploads",
    headers: { ...VERSION, "Upload-Length": String(file.size), "Upload-Metadata": metadata },
    signal,
  });
  const id = (header("Location") ?? "").split("/").at(-1) ?? "";
  const path = `/api/v1/uploads/${id}`;
  remember(file, path);
  return path;
}

async function sendPart(
  path: string,
  file: File,
  from: number,
  signal: AbortSignal,
  onSent: (bytes: number) => void,
): Promise<number> {
  const { header } = await sendBytes({
    method: "PATCH",
    path,
    headers: {
      ...VERSION,
      "Upload-Offset": String(from),
      "Content-Type": "application/offset+octet-stream",
    },
    body: file.slice(from, from + PART),
    signal,
    onSent,
  });
  return Number(header("Upload-Offset"));
}

/** How much of it is there; null: nothing is known of it any more. */
async function offsetOf(path: string, signal: AbortSignal): Promise<number | null> {
  try {
    const { header } = await sendBytes({ method: "HEAD", path, headers: VERSION, signal });
    return Number(header("Upload-Offset"));
  } catch (error) {
    if ([404, 410].includes(asProblem(error).status)) return null;
    throw error;
  }
}

/** All of it is there. Where the answer to its end was lost, an empty part asks for it again. */
async function outcome(path: string, file: File, signal: AbortSignal): Promise<ImageDetails> {
  const id = path.split("/").at(-1) ?? "";
  for (let failures = 0; ; failures += 1) {
    const upload = await getUpload({ path: { upload_id: id }, signal });
    if (upload.image) {
      remember(file, null);
      return upload.image;
    }
    if (failures > MOST_FAILURES) throw new Problem({ code: "unavailable", status: 503 });
    try {
      await sendPart(path, file, file.size, signal, () => undefined);
    } catch (error) {
      await waitFor(mayGoOn(error).retryAfter ?? 0.5 * 2 ** failures, signal);
    }
  }
}

/** The problem, where trying again may help; anything else is thrown. */
function mayGoOn(error: unknown): Problem {
  if (error instanceof DOMException) throw error;
  const problem = asProblem(error);
  // Another part of the same picture is on its way, or was taken after all.
  if (problem.outcomeUnknown || problem.status === 409 || problem.status === 429) return problem;
  throw problem;
}

function nameOf({ name, size, lastModified }: File): string {
  return [name, size, lastModified].join("|");
}

function begun(file: File): string | null {
  return read()[nameOf(file)] ?? null;
}

function remember(file: File, path: string | null): void {
  const all = read();
  const others = Object.entries(all).filter(([name]) => name !== nameOf(file));
  const next = path === null ? others : [...others.slice(-49), [nameOf(file), path] as const];
  try {
    localStorage.setItem(BEGUN, JSON.stringify(Object.fromEntries(next)));
  } catch {
    // Without storage it goes on within the page alone.
  }
}

function read(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(BEGUN) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
