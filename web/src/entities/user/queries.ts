/** The person who is signed in: the account, its balance, where credits came from and went, and the ways into it. */
import { infiniteQueryOptions } from "@tanstack/react-query";

import { listStatement } from "@/api/billing";
import type { StatementFilter } from "@/api/billingContract";
import {
  getMeOptions,
  getSignInMethodsOptions,
  listProvidersOptions,
} from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";

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
export const ledgerQuery = (filter: StatementFilter = {}) =>
  infiniteQueryOptions({
    ...followingPages,
    queryKey: [{ ...userKeys.ledger[0], filter }],
    queryFn: ({ pageParam, signal }) => listStatement({ ...filter, limit: 50, cursor: pageParam }, signal),
    placeholderData: (before) => before,
  });
