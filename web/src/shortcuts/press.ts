/** A press of a key under one name, whatever the keyboard writes with it. */

export interface Press {
  key: string;
  /** Which key it was by its place, as on an English keyboard. */
  code?: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** "mod+k", "f", "?", "ArrowLeft". */
export function pressOf({ key, code, ctrlKey, metaKey, altKey }: Press): string {
  const held = `${ctrlKey || metaKey ? "mod+" : ""}${altKey ? "alt+" : ""}`;
  return held + nameOf(key, code);
}

/** A keyboard that writes Hangul has the same letters on its keys: what is pressed there is known by the key's place. */
function nameOf(key: string, code: string | undefined): string {
  if (/^[\x21-\x7e]$/.test(key)) return key.toLowerCase();
  const letter = /^Key([A-Z])$/.exec(code ?? "")?.[1];
  const named = key.length > 1 && key !== "Process" && key !== "Unidentified";
  return letter === undefined || named ? key : letter.toLowerCase();
}

/** What takes letters itself: fields, lists in which typing finds an entry, and what says of itself that its keys are its own. */
const TAKES_KEYS =
  "input:not([type=radio], [type=checkbox], [type=button], [type=range]), textarea, select, [contenteditable]:not([contenteditable=false]), " +
  "[role=textbox], [role=combobox], [role=listbox], [role=menu], [data-own-keys]";

/** Whether a press belongs to what somebody is writing. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TAKES_KEYS) !== null;
}
