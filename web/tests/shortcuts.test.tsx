import { cleanup, fireEvent, renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import type { User } from "@/api/types";
import { allShortcuts } from "@/app/palette/allShortcuts";
import { keyNames } from "@/shortcuts/keyNames";
import { isTyping, pressOf } from "@/shortcuts/press";
import { useShortcuts } from "@/shortcuts/useShortcuts";

import { messagesIn } from "./words";

const ADMIN = { id: "1", role: "admin" } as User;
afterEach(cleanup);

const EVERYWHERE = "keys.everywhere";

test("no keys do two things in the same place", () => {
  const groups = allShortcuts(ADMIN);
  const everywhere = groups.find(({ where }) => where === EVERYWHERE)?.shortcuts ?? [];
  expect(everywhere.length).toBeGreaterThan(4);

  for (const { where, shortcuts } of groups) {
    const heard = where === EVERYWHERE ? shortcuts : [...everywhere, ...shortcuts];
    const keys = heard.flatMap((shortcut) => shortcut.keys);
    expect(keys.filter((key, place) => keys.indexOf(key) !== place)).toEqual([]);
    // The first of two keys would never be waited for.
    const first = keys.filter((key) => key.includes(" ")).map((key) => key.split(" ")[0] ?? "");
    expect(keys.filter((key) => first.includes(key))).toEqual([]);
  }
});

test("what keys do is said in both languages", () => {
  const labels = allShortcuts(ADMIN).flatMap(({ where, shortcuts }) => [
    where,
    ...shortcuts.map(({ label }) => label),
  ]);

  for (const language of ["en", "ko"] as const) {
    const messages = messagesIn(language);
    expect(labels.filter((label) => !(label in messages))).toEqual([]);
  }
});

test("a keyboard that writes Hangul presses the same letters", () => {
  const plain = { ctrlKey: false, metaKey: false, altKey: false };

  expect(pressOf({ ...plain, key: "ㅎ", code: "KeyG" })).toBe("g");
  expect(pressOf({ ...plain, key: "Process", code: "KeyG" })).toBe("g");
  expect(pressOf({ ...plain, key: "ArrowLeft", code: "ArrowLeft" })).toBe("ArrowLeft");
  expect(pressOf({ ...plain, key: "?", code: "Slash" })).toBe("?");
  expect(pressOf({ ...plain, key: "K", code: "KeyK", metaKey: true })).toBe("mod+k");
});

test("keys are written as they stand on the keyboard", () => {
  expect(keyNames("mod+k")).toEqual(["Ctrl+K"]);
  expect(keyNames("g c")).toEqual(["G", "C"]);
  expect(keyNames("ArrowLeft")).toEqual(["←"]);
});

function page() {
  const went = vi.fn();
  const search = vi.fn();
  renderHook(() =>
    useShortcuts([
      { shortcut: { label: "nav.gallery", keys: ["g g"] }, run: went },
      { shortcut: { label: "nav.palette", keys: ["mod+k"] }, run: search },
    ]),
  );
  document.body.innerHTML = `<input id="field" /><button id="button"></button>`;
  const on = (id: string) => document.getElementById(id) ?? document.body;
  return { went, search, on };
}

test("two keys after each other do what belongs to both, and one alone does nothing", () => {
  const { went, on } = page();

  fireEvent.keyDown(on("button"), { key: "g" });
  expect(went).not.toHaveBeenCalled();
  fireEvent.keyDown(on("button"), { key: "g" });
  expect(went).toHaveBeenCalledOnce();
  fireEvent.keyDown(on("button"), { key: "g" });
  fireEvent.keyDown(on("button"), { key: "x" });
  fireEvent.keyDown(on("button"), { key: "g" });

  expect(went).toHaveBeenCalledOnce();
});

test("letters belong to the text while somebody types, and keys with Ctrl do not", () => {
  const { went, search, on } = page();

  fireEvent.keyDown(on("field"), { key: "g" });
  fireEvent.keyDown(on("field"), { key: "g" });
  fireEvent.keyDown(on("field"), { key: "k", ctrlKey: true });

  expect(went).not.toHaveBeenCalled();
  expect(search).toHaveBeenCalledOnce();
});

test("a notice is nothing that letters stay behind", () => {
  const { went, on } = page();
  document.body.insertAdjacentHTML("beforeend", `<div role="dialog" aria-modal="false"></div>`);

  fireEvent.keyDown(on("button"), { key: "g" });
  fireEvent.keyDown(on("button"), { key: "g" });

  expect(went).toHaveBeenCalledOnce();
});

test("letters do nothing behind a dialog", () => {
  const { went, on } = page();
  document.body.insertAdjacentHTML("beforeend", `<div role="dialog"></div>`);

  fireEvent.keyDown(on("button"), { key: "g" });
  fireEvent.keyDown(on("button"), { key: "g" });

  expect(went).not.toHaveBeenCalled();
});

test("fields and lists that are searched by typing take letters themselves", () => {
  document.body.innerHTML =
    `<textarea id="a"></textarea><div role="listbox"><span id="b"></span></div>` +
    `<div contenteditable="true" id="c"></div><input type="checkbox" id="d" /><a id="e" href="#"></a>`;

  const taken = ["a", "b", "c", "d", "e"].map((id) => isTyping(document.getElementById(id)));

  expect(taken).toEqual([true, true, true, false, false]);
});
