/** What is asked of Explore, as its address says it. */
import type { ListPublicImagesData } from "@/api/generated";

export type ExploreSort = NonNullable<NonNullable<ListPublicImagesData["query"]>["sort"]>;

export const SORTS = ["newest", "most_liked"] as const satisfies readonly ExploreSort[];

export function sortIn(query: URLSearchParams): ExploreSort {
  return query.get("sort") === "most_liked" ? "most_liked" : "newest";
}

/** The newest of all have the shortest address. */
export function addressOf(tag: string | null, sort: ExploreSort): URLSearchParams {
  return new URLSearchParams({
    ...(tag !== null && { tag }),
    ...(sort !== "newest" && { sort }),
  });
}
