import type { Image } from "@/api/types";

/** A name for the downloaded file that says what and when: "2026-11-22-a-red-house-1f2e3d4c.png". */
export function fileNameOf({ id, format, created_at, generation_params }: Image): string {
  const prompt = typeof generation_params.prompt === "string" ? generation_params.prompt : "";
  const words = prompt
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .slice(0, 48)
    .replace(/^-+|-+$/g, "");
  // The end of an id of version 7 is its random part.
  return [created_at.slice(0, 10), words, id.slice(-8)].filter(Boolean).join("-") + `.${format}`;
}
