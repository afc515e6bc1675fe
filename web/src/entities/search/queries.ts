/** Saved searches as they are read. */
import { queryOptions } from "@tanstack/react-query";
import type { QueryClient } from "@tanstack/react-query";

import { listSearches } from "@/api/generated";
import { getSearchOptions, listSearchesQueryKey } from "@/api/generated/@tanstack/react-query.gen";

/** As many as a person has at most. */
const ALL = { limit: 100 };

export const searchesQuery = queryOptions({
  queryKey: listSearchesQueryKey({ query: ALL }),
  queryFn: ({ signal }) => listSearches({ query: ALL, signal }),
});

/** Those that are shown among the collections. */
export const smartCollectionsQuery = queryOptions({
  queryKey: listSearchesQueryKey({ query: { ...ALL, is_collection: true } }),
  queryFn: ({ signal }) => listSearches({ query: { ...ALL, is_collection: true }, signal }),
});

export const searchQuery = (id: string) => getSearchOptions({ path: { search_id: id } });

export function rereadSearches(client: QueryClient): void {
  for (const _id of ["listSearches", "getSearch"]) void client.invalidateQueries({ queryKey: [{ _id }] });
}
