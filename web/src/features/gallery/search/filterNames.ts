/** What each filter is called, as it stands on its chip, and the search without it. */
import type { Translator } from "@/i18n/translate";

import type { KINDS, ORIGINS, Search, VISIBILITIES } from "./gallerySearch";
import type { NamedCollection } from "./searchWords";

interface ActiveFilter {
  text: string;
  without: Search;
}

export function activeFilters(
  search: Search,
  collections: readonly NamedCollection[],
  { t }: Translator,
): ActiveFilter[] {
  const named = (name: string, value: string) => t("gallery.filter.chip", { name, value });
  const several = (name: string, list: "tags" | "loras") =>
    search[list].map((value) => ({
      text: named(name, value),
      without: { ...search, [list]: search[list].filter((other) => other !== value) },
    }));
  const one = <N extends keyof Search>(name: N, text: (value: Search[N] & string) => string) => {
    const value = search[name];
    return typeof value !== "string" || value === ""
      ? []
      : [{ text: text(value), without: { ...search, [name]: "" } }];
  };
  const collection = collections.find(({ id }) => id === search.in)?.name ?? "…";
  return [
    ...one("in", () => named(t("gallery.filter.collection"), collection)),
    ...several(t("picture.tags"), "tags"),
    ...one("model", (value) => named(t("recipe.model"), value)),
    ...several(t("param.loras"), "loras"),
    ...one("job_type", (value) => t(`param.job_type.${value as (typeof KINDS)[number]}`)),
    ...one("origin", (value) => t(`gallery.filter.origin.${value as (typeof ORIGINS)[number]}`)),
    ...one("seed", (value) => named(t("recipe.seed"), value)),
    ...one("rating", (value) => named(t("picture.rating"), ratingText(value, t))),
    ...one("visibility", (value) => t(`picture.visibility.${value as (typeof VISIBILITIES)[number]}`)),
    ...one("after", (value) => named(t("gallery.filter.after"), value)),
    ...one("before", (value) => named(t("gallery.filter.before"), value)),
    ...one("width", (value) => named(t("gallery.filter.width"), value)),
    ...one("height", (value) => named(t("gallery.filter.height"), value)),
  ];
}

export function ratingText(rating: string, t: Translator["t"]): string {
  if (rating === "0") return t("picture.rating.none");
  const stars = t("picture.rating.stars", { n: Number(rating[0]) });
  return rating.endsWith("+") && !rating.startsWith("5") ? t("gallery.filter.at_least", { stars }) : stars;
}
