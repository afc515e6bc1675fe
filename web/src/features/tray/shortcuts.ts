import type { Shortcut } from "@/shortcuts/shortcut";

export const SHOW_JOBS: Shortcut = { label: "tray.open", keys: ["g j"] };
