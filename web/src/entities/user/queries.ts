/** The person who is signed in: the account, its balance, and where credits came from and went. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answer, api } from "@/api/client";

export const userKeys = {
  me: ["me"] as const,
  ledger: ["ledger"] as const,
};

export const meQuery = queryOptions({
  queryKey: userKeys.me,
  queryFn: ({ signal }) => answer(api.GET("/api/v1/me", { signal })),
});

export const ledgerQuery = infiniteQueryOptions({
  queryKey: userKeys.ledger,
  queryFn: ({ pageParam, signal }) =>
    answer(api.GET("/api/v1/me/credits", { params: { query: { limit: 50, cursor: pageParam } }, signal })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});
