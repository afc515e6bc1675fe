/**
 * Keys and what they are called. One record says both: it binds the keys (`useShortcuts`), and the sheet of shortcuts, the palette and
 * the tooltips are made from it.
 */
import type { Key } from "@/i18n/translate";

import { pressOf, type Press } from "./press";

export interface Shortcut {
  /** What they do, in words. */
  label: Key;
  /**
   * Any of these does it: a key as `KeyboardEvent.key` names it ("?", "f", "ArrowLeft"), one with others held ("mod+k": Ctrl, or ⌘ on a
   * Mac), or two after each other ("g c").
   */
  keys: readonly string[];
}

/** How long after the first of two keys the second one still belongs to it. */
export const SECOND_KEY_WITHIN_MS = 1_200;

/** What a press, after another one perhaps, asks for. */
export function shortcutOf<S extends Shortcut>(
  shortcuts: readonly S[],
  event: Press,
  before: string | null,
): S | undefined {
  const pressed = pressOf(event);
  const both = before === null ? null : `${before} ${pressed}`;
  return (
    shortcuts.find(({ keys }) => both !== null && keys.includes(both)) ??
    shortcuts.find(({ keys }) => keys.includes(pressed))
  );
}

/** Whether a press is the first of two keys that do something together. */
export function begins(shortcuts: readonly Shortcut[], event: Press): boolean {
  const start = `${pressOf(event)} `;
  return shortcuts.some(({ keys }) => keys.some((key) => key.startsWith(start)));
}
