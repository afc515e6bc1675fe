/** Actions together with the thing they are done to, ready to be done: what menus and keys are made of. */
import type { LucideIcon } from "lucide-react";

import type { Key, Translator } from "@/i18n/translate";
import { firstKeyName } from "@/shortcuts/keyNames";
import type { MenuEntry } from "@/ui/Menu";

import { isOffered, type Offer } from "./action";

export interface ReadyAction {
  label: Key;
  icon: LucideIcon;
  keys?: readonly string[] | undefined;
  danger?: boolean | undefined;
  perform: () => void;
}

/** The action ready to be done, or nothing where it is not on offer. */
export function readyAction<Thing>(action: Offer<Thing>, thing: Thing, perform: () => void): ReadyAction[] {
  if (!isOffered(action, thing)) return [];
  const { label, icon, keys, danger } = action;
  return [{ label, icon, keys, danger, perform }];
}

export function menuEntry({ label, icon, keys, danger, perform }: ReadyAction, { t }: Translator): MenuEntry {
  return { label: t(label), icon, keys: firstKeyName(keys), danger, onSelect: perform };
}
