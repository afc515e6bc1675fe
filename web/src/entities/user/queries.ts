/** The person who is signed in: the account, its balance, and where credits came from and went. */
import { infiniteQueryOptions } from "@tanstack/react-query";

import { listCredits } from "@/api/generated";
import { getMeOptions, listCreditsInfiniteQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";

const query = { limit: 50 };

export const meQuery = getMeOptions();

export const userKeys = {
  me: meQuery.queryKey,
  ledger: listCreditsInfiniteQueryKey({ query }),
};

export const ledgerQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: userKeys.ledger,
  queryFn: ({ pageParam, signal }) => listCredits({ query: { ...query, cursor: pageParam }, signal }),
});
