import type { Image } from "@/api/types";

/** A name for the downloaded file that says what and when: "2026-11-22-a-red-house-1f2e3d4c.png". */
export function fileNameOf(image: Image): string {
  const { generation_params } = image;
  const prompt = typeof generation_params.prompt === "string" ? generation_params.prompt : "";
  const words = prompt
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .slice(0, 48)
    .replace(/^-+|-+$/g, "");
  return nameOf(image, words);
}

/** The same without a word of the prompt. */
export function plainFileNameOf(image: Image): string {
  return nameOf(image, "");
}

function nameOf({ id, format, created_at }: Image, words: string): string {
  // The end of an id of version 7 is its random part.
  return [created_at.slice(0, 10), words, id.slice(-8)].filter(Boolean).join("-") + `.${format}`;
}
