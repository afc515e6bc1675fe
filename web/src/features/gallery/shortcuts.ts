import type { Shortcut } from "@/shortcuts/shortcut";

/** The keys of the viewer, beside those of what can be done to a picture. */
export const VIEWER = {
  newer: { label: "gallery.newer", keys: ["ArrowLeft"] },
  older: { label: "gallery.older", keys: ["ArrowRight"] },
} satisfies Record<string, Shortcut>;
