import { SHOW_NOTICES } from "@/features/notices/shortcuts";
import { SHOW_JOBS } from "@/features/tray/shortcuts";
import type { Shortcut } from "@/shortcuts/shortcut";

/** The keys of what is there on every page, beside those of the places. */
export const SHELL = {
  palette: { label: "nav.palette", keys: ["mod+k"] },
  shortcuts: { label: "nav.shortcuts", keys: ["?"] },
  jobs: SHOW_JOBS,
  notices: SHOW_NOTICES,
} satisfies Record<string, Shortcut>;
