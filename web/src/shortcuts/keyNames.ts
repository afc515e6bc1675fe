/** How keys are written for people. */

const NAMES: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Delete: "Del",
  Backspace: "⌫",
  Enter: "Enter",
};

const onAMac = /mac|iphone|ipad/i.test(navigator.userAgent);

/** "mod+k" → "Ctrl+K"; each part of "g c" by itself. */
export function keyNames(keys: string): string[] {
  return keys.split(" ").map((press) =>
    press
      .split("+")
      .map((key) => (key === "mod" ? (onAMac ? "⌘" : "Ctrl") : (NAMES[key] ?? key.toUpperCase())))
      .join("+"),
  );
}

/** The first of the keys that do the same, for a tooltip or a menu. */
export function firstKeyName(keys: readonly string[] | undefined): string | undefined {
  return keys?.[0] === undefined ? undefined : keyNames(keys[0]).join(" ");
}
