/** What a picture is called: by its words, else by what was done to make it. */
import type { Recipe } from "@/api/types";
import type { Translator } from "@/i18n/translate";

export function pictureTitle(
  { prompt, job_type, scale, source_image }: Recipe,
  { t, number }: Translator,
): string {
  if (prompt) return prompt;
  // ×2 of a picture is another thing than the number 2.
  if (job_type === "upscale") return t("picture.enlarged", { scale: number(scale ?? 1) });
  if (source_image !== undefined) return t("picture.from_picture");
  // Of somebody who does not tell others how, that much is known.
  return t(job_type === undefined ? "picture.uploaded" : "picture.made_by_ai");
}
