import type { Shortcut } from "@/shortcuts/shortcut";

export const SHOW_NOTICES: Shortcut = { label: "notices.open", keys: ["g n"] };
