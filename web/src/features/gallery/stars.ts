import { RATINGS } from "@/entities/image/actions/rateImage";
import type { Translator } from "@/i18n/translate";

/** Each rating as it is shown and as it is said. */
export function starsIn({ t }: Pick<Translator, "t">) {
  return RATINGS.map((rating) => ({
    rating,
    label: rating === 0 ? "–" : `${rating}★`,
    title: rating === 0 ? t("picture.rating.none") : t("picture.rating.stars", { n: rating }),
  }));
}
