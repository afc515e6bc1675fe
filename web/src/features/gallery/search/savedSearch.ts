/** A saved search as the gallery's address says it, where it can. */
import type { FilterIn } from "@/api/generated";
import { filterOf as filterInOf } from "@/entities/image/queries";

import { filterOf, nothingAsked, readSearch, type Search } from "./gallerySearch";

/** What is kept of a search. */
export function keptOf(search: Search): FilterIn {
  return filterInOf(filterOf(search));
}

/** The search that asks for the same; null: the gallery's controls cannot say all of it. */
export function searchOf(filter: FilterIn, sort: string | null): Search | null {
  const search: Search = {
    ...nothingAsked(readSearch(new URLSearchParams())),
    q: filter.q ?? "",
    favorite: filter.favorite ?? false,
    visibility: filter.visibility ?? "",
    model: filter.model ?? "",
    job_type: filter.job_type ?? "",
    loras: filter.lora ?? [],
    seed: filter.seed === undefined ? "" : String(filter.seed),
    origin: filter.origin ?? "",
    rating: ratingOf(filter),
    width: textOf(filter.width_from),
    height: textOf(filter.height_from),
    after: dayOf(filter.created_from),
    before: dayOf(filter.created_to),
    in: filter.collection ?? "",
    tags: filter.tag ?? [],
    sort: sort ?? "",
  };
  return said(keptOf(search)) === said(filter) ? search : null;
}

function ratingOf({ rating_from, rating_to }: FilterIn): string {
  if (rating_from === undefined) return "";
  return rating_to === undefined ? `${rating_from}+` : String(rating_from);
}

function textOf(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

/** The day that begins at this moment, here. */
function dayOf(moment: string | undefined): string {
  if (moment === undefined) return "";
  const day = new Date(moment);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The same for the same, however it is written. */
function said(filter: FilterIn): string {
  const written = (name: string, value: unknown) =>
    name.startsWith("created_") ? new Date(value as string).getTime() : String(value);
  const parts = Object.entries(filter).map(([name, value]) => [name, written(name, value)] as const);
  return JSON.stringify(parts.sort(([one], [other]) => (one < other ? -1 : 1)));
}
