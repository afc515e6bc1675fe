import { afterEach, describe, expect, it, vi } from "vitest";

import { Problem } from "@/api/problem";
import type { ImageDetails } from "@/api/types";
import { isNoPicture, looksAsPicture } from "@/entities/image/pictureTypes";
import { meantOf } from "@/features/uploads/droppedFiles";
import type { FileSending } from "@/features/uploads/sendFile";
import { UploadQueue } from "@/features/uploads/uploadQueue";

afterEach(() => vi.restoreAllMocks());

interface Sent extends FileSending {
  keep: () => void;
  fail: (problem: Problem) => void;
}

/** A queue whose files are sent by hand. */
function queueByHand() {
  const sent: Sent[] = [];
  const queue = new UploadQueue(
    (sending) =>
      new Promise((resolve, reject) => {
        sending.signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
        sent.push({
          ...sending,
          keep: () => resolve({ id: sending.file.name } as ImageDetails),
          fail: reject,
        });
      }),
  );
  const states = () => queue.read().map(({ state }) => state);
  return { queue, sent, states };
}

const files = (count: number) =>
  Array.from({ length: count }, (_, number) => new File(["12345"], `${number}.png`));
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("pictures on their way in", () => {
  it("are sent three at a time, in their order", async () => {
    const { queue, sent, states } = queueByHand();

    queue.add(files(5));
    expect(states()).toEqual(["sending", "sending", "sending", "waiting", "waiting"]);
    sent[1]?.keep();
    await settled();

    expect(states()).toEqual(["sending", "kept", "sending", "sending", "waiting"]);
    expect(sent.map(({ file }) => file.name)).toEqual(["0.png", "1.png", "2.png", "3.png"]);
  });

  it("tell how far they are, and that they are looked at once all has left", () => {
    const { queue, sent } = queueByHand();
    queue.add(files(1));

    sent[0]?.onSent(2);
    expect(queue.read()[0]).toMatchObject({ state: "sending", sent: 2 });
    sent[0]?.onSent(5);
    expect(queue.read()[0]).toMatchObject({ state: "checking", sent: 5 });
  });

  it("keep their reason where they fail, hold up no others, and can be tried again", async () => {
    const { queue, sent, states } = queueByHand();
    const problem = new Problem({ code: "storage_exceeded", status: 402 });
    queue.add(files(4));

    sent[0]?.fail(problem);
    await settled();
    expect(states()).toEqual(["failed", "sending", "sending", "sending"]);
    expect(queue.read()[0]?.problem).toBe(problem);

    queue.retry([queue.read()[0]?.id ?? 0]);
    expect(queue.read()[0]).toMatchObject({ state: "waiting", problem: null });
    sent[1]?.keep();
    await settled();
    expect(states()).toEqual(["sending", "kept", "sending", "sending"]);
  });

  it("are gone when they are taken back, and the next one is sent", async () => {
    const { queue, sent, states } = queueByHand();
    queue.add(files(4));

    queue.cancel(queue.read()[0]?.id ?? 0);
    await settled();

    expect(sent[0]?.signal.aborted).toBe(true);
    expect(states()).toEqual(["sending", "sending", "sending"]);
    queue.cancelAll();
    await settled();
    expect(queue.read()).toEqual([]);
  });

  it("are told of once each, and leave the list when it is cleared", async () => {
    const { queue, sent, states } = queueByHand();
    const kept = vi.fn();
    queue.onKept = kept;
    queue.add(files(3));

    sent[0]?.keep();
    sent[1]?.fail(new Problem({ code: "unsupported_media_type", status: 415 }));
    await settled();
    queue.clear();

    expect(kept).toHaveBeenCalledTimes(1);
    expect(states()).toEqual(["sending"]);
  });
});

describe("what is a picture", () => {
  it("is what says so by its type or, where a system knows none, by its name", () => {
    expect(isNoPicture(new File([], "a.gif", { type: "image/gif" }))).toBe(true);
    expect(isNoPicture(new File([], "a.heic"))).toBe(false);
    expect(looksAsPicture(new File([], "IMG_1.HEIC"))).toBe(true);
    expect(looksAsPicture(new File([], "notes.txt", { type: "text/plain" }))).toBe(false);
  });

  it("is all that is meant of a folder, and everything that was chosen by itself", () => {
    const inFolder = (name: string, type: string) =>
      Object.defineProperty(new File([], name, { type }), "webkitRelativePath", { value: `holiday/${name}` });
    const chosen = [inFolder("a.jpg", "image/jpeg"), inFolder("b.txt", "text/plain"), new File([], "c.txt")];

    expect(meantOf(chosen).map(({ name }) => name)).toEqual(["a.jpg", "c.txt"]);
  });
});
