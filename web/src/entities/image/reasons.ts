/** Why a picture is reported or hidden, in the order in which they are offered. */
import type { ReportReason } from "@/api/types";

export const REASONS = [
  "sexual",
  "minors",
  "violence",
  "hate",
  "likeness",
  "copyright",
  "spam",
  "other",
] as const satisfies readonly ReportReason[];

/** Characters of what is said beside one. */
export const MAX_WORDS = 1000;
