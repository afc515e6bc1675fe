/** The pictures that are to be sent in, three at a time, whatever page is shown meanwhile. */
import { asProblem, type Problem } from "@/api/problem";
import type { ImageDetails } from "@/api/types";

import { sendFile, type FileSending } from "./sendFile";

const AT_ONCE = 3;

export interface Upload {
  id: number;
  file: File;
  /** `checking`: all of it has left, and the studio looks at it. */
  state: "waiting" | "sending" | "checking" | "kept" | "failed";
  /** Bytes that have left. */
  sent: number;
  problem: Problem | null;
  image: ImageDetails | null;
}

export class UploadQueue {
  private uploads: readonly Upload[] = [];
  private readonly sendings = new Map<number, AbortController>();
  private readonly listeners = new Set<() => void>();
  private last = 0;
  /** Told of each picture that was kept. */
  onKept: (image: ImageDetails) => void = () => undefined;

  constructor(private readonly send: (sending: FileSending) => Promise<ImageDetails> = sendFile) {}

  readonly read = (): readonly Upload[] => this.uploads;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  add(files: readonly File[]): void {
    const added = files.map((file): Upload => ({
      id: (this.last += 1),
      file,
      state: "waiting",
      sent: 0,
      problem: null,
      image: null,
    }));
    this.change([...this.uploads, ...added]);
    this.next();
  }

  retry(ids: readonly number[]): void {
    this.change(
      this.uploads.map((upload) =>
        upload.state === "failed" && ids.includes(upload.id)
          ? { ...upload, state: "waiting", sent: 0, problem: null }
          : upload,
      ),
    );
    this.next();
  }

  /** It is not sent any further, and stands in no list. */
  cancel(id: number): void {
    this.change(this.uploads.filter((upload) => upload.id !== id));
    this.sendings.get(id)?.abort();
    this.sendings.delete(id);
    this.next();
  }

  cancelAll(): void {
    for (const { id } of this.uploads.filter(isUnderWay)) this.cancel(id);
  }

  /** Without what has ended. */
  clear(): void {
    this.change(this.uploads.filter(isUnderWay));
  }

  private next(): void {
    const free = AT_ONCE - this.sendings.size;
    for (const upload of this.uploads.filter(({ state }) => state === "waiting").slice(0, free)) {
      void this.sendOne(upload);
    }
  }

  private async sendOne({ id, file }: Upload): Promise<void> {
    const stop = new AbortController();
    this.sendings.set(id, stop);
    this.patch(id, { state: "sending" });
    const onSent = (sent: number) =>
      this.patch(id, { sent, state: sent >= file.size ? "checking" : "sending" });
    try {
      const image = await this.send({ file, signal: stop.signal, onSent });
      this.patch(id, { state: "kept", image, sent: file.size });
      this.onKept(image);
    } catch (error) {
      if (!stop.signal.aborted) this.patch(id, { state: "failed", problem: asProblem(error) });
    }
    if (this.sendings.get(id) === stop) this.sendings.delete(id);
    this.next();
  }

  private patch(id: number, part: Partial<Upload>): void {
    this.change(this.uploads.map((upload) => (upload.id === id ? { ...upload, ...part } : upload)));
  }

  private change(next: readonly Upload[]): void {
    this.uploads = next;
    for (const listener of this.listeners) listener();
  }
}

export function isUnderWay({ state }: Upload): boolean {
  return state === "waiting" || state === "sending" || state === "checking";
}

/** One for the page. */
export const uploadQueue = new UploadQueue();
