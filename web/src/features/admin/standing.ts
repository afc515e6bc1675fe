import type { Announcement } from "@/api/types";

export type Standing = "now" | "coming" | "past";

/** Whether it is shown at this moment, will be, or was. */
export function standingOf({ starts_at, ends_at }: Announcement, now: number): Standing {
  if (Date.parse(starts_at) > now) return "coming";
  return ends_at !== null && Date.parse(ends_at) <= now ? "past" : "now";
}
