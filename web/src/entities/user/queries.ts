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
import type { Transaction } from "@/api/types";

export interface StatementFilter {
  type?: Transaction["transaction_type"];
  /** Days such as "2026-03-01", both of them within. */
  from?: string;
  to?: string;
}

export const meQuery = getMeOptions();

export const signInMethodsQuery = getSignInMethodsOptions();

/** What this studio offers besides a password; it changes with a restart of the studio only. */
export const providersQuery = { ...listProvidersOptions(), staleTime: Infinity };

export const userKeys = {
  me: meQuery.queryKey,
  /** Every reading of the ledger. */
  ledger: [{ _id: "listCredits" }] as const,
  signInMethods: signInMethodsQuery.queryKey,
};

/** Where credits came from and went; the first page brings along what the balance consists of. */
export const ledgerQuery = (query: StatementFilter = {}) =>
  infiniteQueryOptions({
    ...followingPages,
    queryKey: listCreditsInfiniteQueryKey({ query }),
    queryFn: ({ pageParam, signal }) =>
      listCredits({ query: { ...query, limit: 50, cursor: pageParam }, signal }),
    placeholderData: (before) => before,
  });
