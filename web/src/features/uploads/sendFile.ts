/** Sends one picture in, in one piece or in parts, and again where nobody knows what became of it. */
import { asProblem, Problem } from "@/api/problem";
import { newIdempotencyKey } from "@/api/random";
import type { ImageDetails } from "@/api/types";
import { isNoPicture } from "@/entities/image/pictureTypes";

import { forgetResumable, sendResumable } from "./resumable";
import { sendBytes } from "./sendBytes";
import { waitFor } from "./waitFor";

/** Larger files go in parts. */
const IN_ONE_PIECE = 10 * 1024 * 1024;
const TRIES = 5;

export interface FileSending {
  file: File;
  signal: AbortSignal;
  /** Bytes that have left. */
  onSent: (bytes: number) => void;
}

export async function sendFile(sending: FileSending): Promise<ImageDetails> {
  if (isNoPicture(sending.file)) throw new Problem({ code: "unsupported_media_type", status: 415 });
  if (sending.file.size <= IN_ONE_PIECE) return sendInOnePiece(sending);
  try {
    return await sendResumable(sending);
  } catch (error) {
    // Nobody wants it any more, or nobody takes it: what the server has of it goes.
    const refused = !(error instanceof DOMException) && !asProblem(error).outcomeUnknown;
    if (refused || sending.signal.aborted) await forgetResumable(sending.file);
    throw error;
  }
}

async function sendInOnePiece({ file, signal, onSent }: FileSending): Promise<ImageDetails> {
  const key = newIdempotencyKey();
  for (let tries = 1; ; tries += 1) {
    const body = new FormData();
    body.append("visibility", "private");
    body.append("file", file);
    try {
      const answer = await sendBytes({
        method: "POST",
        path: "/api/v1/images",
        headers: { "Idempotency-Key": key },
        body,
        signal,
        onSent: (bytes) => onSent(Math.min(bytes, file.size)),
      });
      return answer.body as ImageDetails;
    } catch (error) {
      if (error instanceof DOMException) throw error;
      const problem = asProblem(error);
      const again = problem.outcomeUnknown || problem.code === "conflict" || problem.retryAfter !== null;
      if (!again || tries === TRIES) throw problem;
      onSent(0);
      await waitFor(problem.retryAfter ?? 0.5 * 2 ** tries, signal);
    }
  }
}
