import type { Shortcut } from "@/shortcuts/shortcut";

/** The keys of the viewer, beside those of what can be done to a picture. */
export const VIEWER = {
  newer: { label: "gallery.newer", keys: ["ArrowLeft"] },
  older: { label: "gallery.older", keys: ["ArrowRight"] },
} satisfies Record<string, Shortcut>;

/** Where a picture is looked at closer. */
export const ZOOM = {
  in: { label: "gallery.zoom_in", keys: ["+", "="], to: "in" },
  out: { label: "gallery.zoom_out", keys: ["-"], to: "out" },
  switch: { label: "gallery.zoom_switch", keys: ["z"], to: "switch" },
} as const satisfies Record<string, Shortcut & { to: "in" | "out" | "switch" }>;

/** Where pictures are gone through, one after the other. */
export const REVIEW = {
  keep: { label: "gallery.keep", keys: ["k", "Enter"] },
  reject: { label: "gallery.reject", keys: ["x"] },
  rate: { label: "picture.rating", keys: ["0", "1", "2", "3", "4", "5"] },
  newer: { label: "gallery.review_back", keys: ["ArrowLeft"] },
  older: { label: "gallery.review_on", keys: ["ArrowRight"] },
} satisfies Record<string, Shortcut>;
