import { renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { useIncomingPicture } from "@/features/create/useIncomingPicture";

const PICTURE = new File(["bytes"], "house.png", { type: "image/png" });
const NOTE = new File(["text"], "note.txt", { type: "text/plain" });

afterEach(() => document.body.replaceChildren());

function paste(target: EventTarget, files: File[], types: string[]): Event {
  const event = new Event("paste", { bubbles: true, cancelable: true });
  Object.assign(event, { clipboardData: { files, types } });
  target.dispatchEvent(event);
  return event;
}

function pageWith() {
  const take = vi.fn();
  renderHook(() => useIncomingPicture(take));
  const field = document.body.appendChild(document.createElement("textarea"));
  return { take, field };
}

test("a pasted picture is taken, also while one writes", () => {
  const { take, field } = pageWith();

  const event = paste(field, [NOTE, PICTURE], ["Files"]);

  expect(take).toHaveBeenCalledExactlyOnceWith(PICTURE);
  expect(event.defaultPrevented).toBe(true);
});

test("words that were copied with a picture of them are pasted as words where one writes", () => {
  const { take, field } = pageWith();

  const event = paste(field, [PICTURE], ["text/plain", "text/html", "Files"]);

  expect(take).not.toHaveBeenCalled();
  expect(event.defaultPrevented).toBe(false);
});

test("what is no picture is left alone", () => {
  const { take } = pageWith();

  expect(paste(document.body, [NOTE], ["Files"]).defaultPrevented).toBe(false);
  expect(take).not.toHaveBeenCalled();
});
