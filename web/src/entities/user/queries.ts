/** The person who is signed in: the account, its balance, where credits came from and went, and the ways into it. */
import { infiniteQueryOptions } from "@tanstack/react-query";

import { listCredits } from "@/api/generated";
import {
  getMeOptions,
  getSignInMethodsOptions,
  listCreditsInfiniteQueryKey,
  listProvidersOptions,
} from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";

const query = { limit: 50 };

export const meQuery = getMeOptions();

export const signInMethodsQuery = getSignInMethodsOptions();

/** What this studio offers besides a password; it changes with a restart of the studio only. */
export const providersQuery = { ...listProvidersOptions(), staleTime: Infinity };

export const userKeys = {
  me: meQuery.queryKey,
  ledger: listCreditsInfiniteQueryKey({ query }),
  signInMethods: signInMethodsQuery.queryKey,
};

export const ledgerQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: userKeys.ledger,
  queryFn: ({ pageParam, signal }) => listCredits({ query: { ...query, cursor: pageParam }, signal }),
});
