import type { Shortcut } from "@/shortcuts/shortcut";

export const SUBMIT: Shortcut = { label: "keys.submit", keys: ["mod+Enter"] };
