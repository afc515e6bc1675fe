/** Pictures that one has more than once, as they are read. */
import { infiniteQueryOptions } from "@tanstack/react-query";

import { listDuplicates, type ListDuplicatesData } from "@/api/generated";
import { listDuplicatesInfiniteQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";

export type DuplicateKind = NonNullable<NonNullable<ListDuplicatesData["query"]>["kind"]>;

const GROUPS = 20;

export const duplicatesQuery = (kind: DuplicateKind) => {
  const query = { kind, limit: GROUPS };
  return infiniteQueryOptions({
    ...followingPages,
    queryKey: listDuplicatesInfiniteQueryKey({ query }),
    queryFn: ({ pageParam, signal }) => listDuplicates({ query: { ...query, cursor: pageParam }, signal }),
  });
};
