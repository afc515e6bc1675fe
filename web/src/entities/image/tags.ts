/** The words a person uses on pictures, as they are found while typing. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { listTags } from "@/api/generated";
import { listTagsQueryKey } from "@/api/generated/@tanstack/react-query.gen";

const MAX_TAG = 64;
export const MAX_TAGS = 64;

const SUGGESTED = 20;

export const tagKeys = {
  /** Every list of tags. */
  all: [{ _id: "listTags" }] as const,
};

export const tagsQuery = (prefix: string) => {
  const query = { prefix: Array.from(prefix).slice(0, MAX_TAG).join(""), limit: SUGGESTED };
  return queryOptions({
    queryKey: listTagsQueryKey({ query }),
    queryFn: ({ signal }) => listTags({ query, signal }),
    placeholderData: keepPreviousData,
  });
};

/** A tag as the server will write it, as far as one can know here; nothing where nobody could see it. */
export function tagOf(typed: string): string {
  const shown = typed.normalize("NFC").toLowerCase().replaceAll(",", " ").replace(/\s+/g, " ").trim();
  return Array.from(shown).slice(0, MAX_TAG).join("").trim();
}
