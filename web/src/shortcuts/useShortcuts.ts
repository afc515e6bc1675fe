import { useEffect, useRef } from "react";

import { isSomethingAbove } from "./above";
import { pressOf, isTyping } from "./press";
import { begins, SECOND_KEY_WITHIN_MS, shortcutOf, type Shortcut } from "./shortcut";

export interface Binding {
  shortcut: Shortcut;
  run: () => void;
}

/**
 * Does these wherever one is on the page. Letters do nothing while somebody types, and none while a dialog is open, save those that
 * need a key held down: they are no part of any text.
 */
export function useShortcuts(bindings: readonly Binding[]): void {
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  });
  useEffect(() => {
    let before: { press: string; at: number } | null = null;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || event.isComposing) return;
      // Shift and the like, on the way to what is meant.
      if (["Shift", "Control", "Meta", "Alt"].includes(event.key)) return;
      const held = event.ctrlKey || event.metaKey;
      if (!held && (isTyping(event.target) || isSomethingAbove())) {
        before = null;
        return;
      }
      const shortcuts = latest.current.map(({ shortcut }) => shortcut);
      const first =
        before !== null && event.timeStamp - before.at < SECOND_KEY_WITHIN_MS ? before.press : null;
      const asked = shortcutOf(shortcuts, event, first);
      before =
        asked === undefined && begins(shortcuts, event)
          ? { press: pressOf(event), at: event.timeStamp }
          : null;
      if (asked === undefined) return;
      event.preventDefault();
      latest.current.find(({ shortcut }) => shortcut === asked)?.run();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}
