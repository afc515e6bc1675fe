/**
 * Something a person can do to a thing: one file each, with all that a button, a menu, a key or the command palette has to know.
 * How it is shown is theirs; see `ActionControl.tsx`.
 */
import type { QueryClient } from "@tanstack/react-query";
import type { LucideIcon } from "lucide-react";

import type { Key, Translator } from "@/i18n/translate";
import { pressOf, type Press } from "@/shortcuts/press";

export interface Offer<Thing> {
  /** What it says on the button. */
  label: Key;
  icon: LucideIcon;
  /** The keys that do it where the thing is in view, as in `shortcuts/shortcut.ts`. */
  keys?: readonly string[];
  danger?: boolean;
  /** Whether it can be done to this thing; always, where this is missing. */
  offered?: (thing: Thing) => boolean;
}

/** What an action may use of the page. */
interface Doing {
  client: QueryClient;
  i18n: Translator;
  /** Marks this press: it goes with every repetition of the call, so that the server does it once. */
  key: string;
}

/** Leads to another page. */
export interface LinkAction<Thing> extends Offer<Thing> {
  to: (thing: Thing) => string;
}

/** Saves a file. */
export interface FileAction<Thing> extends Offer<Thing> {
  file: (thing: Thing) => { href: string; name: string };
}

/** Changes something. What goes wrong is thrown as a `Problem`. */
export interface RunAction<Thing, Result = unknown> extends Offer<Thing> {
  run: (thing: Thing, doing: Doing) => Promise<Result>;
  /** For what is on or off. */
  isOn?: (thing: Thing) => boolean;
  /**
   * Its call carries the key of the press, so that it may be repeated while nobody knows what became of it. Says what is asked for:
   * the same twice is the same press.
   */
  once?: (thing: Thing) => string;
  /** Asked before it is done. */
  question?: (thing: Thing, i18n: Translator) => { title: string; text: string; action: string };
}

export function isOffered<Thing>(action: Offer<Thing>, thing: Thing): boolean {
  return action.offered?.(thing) ?? true;
}

/** The one of these actions that a key press asks for, if it can be done to this thing. */
export function actionOfKey<Thing, A extends Offer<Thing>>(
  actions: readonly A[],
  thing: Thing,
  press: Press,
): A | undefined {
  const pressed = pressOf(press);
  return actions.find((action) => action.keys?.includes(pressed) && isOffered(action, thing));
}
