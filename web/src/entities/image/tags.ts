/** The words a person uses on pictures, as they are found while typing. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { listTags } from "@/api/generated";
import { listTagsInfiniteQueryKey, listTagsQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";

const MAX_TAG = 64;
export const MAX_TAGS = 64;

const SUGGESTED = 20;
const PAGE = 100;

export const tagKeys = {
  /** Every list of tags. */
  all: [{ _id: "listTags" }] as const,
};

export const tagsQuery = (prefix: string) => {
  const query = { prefix: within(prefix), limit: SUGGESTED };
  return queryOptions({
    queryKey: listTagsQueryKey({ query }),
    queryFn: ({ signal }) => listTags({ query, signal }),
    placeholderData: keepPreviousData,
  });
};

/** All of them, page by page. */
export const allTagsQuery = (prefix: string) => {
  const query = { prefix: within(prefix), limit: PAGE };
  return infiniteQueryOptions({
    ...followingPages,
    queryKey: listTagsInfiniteQueryKey({ query }),
    queryFn: ({ pageParam, signal }) => listTags({ query: { ...query, cursor: pageParam }, signal }),
    placeholderData: keepPreviousData,
  });
};

/** As much of what is typed as the server takes. */
function within(prefix: string): string {
  return Array.from(prefix).slice(0, MAX_TAG).join("");
}

/** A tag as the server will write it, as far as one can know here; nothing where nobody could see it. */
export function tagOf(typed: string): string {
  const shown = typed.normalize("NFC").toLowerCase().replaceAll(",", " ").replace(/\s+/g, " ").trim();
  return Array.from(shown).slice(0, MAX_TAG).join("").trim();
}
