/** What is sold here, what the person holds, and what another plan would change for them. */
import type { QueryClient } from "@tanstack/react-query";

import {
  getSubscriptionOptions,
  listPlansOptions,
  listSubscriptionOptionsOptions,
} from "@/api/generated/@tanstack/react-query.gen";
import type { Subscription } from "@/api/types";
import { userKeys } from "@/entities/user/queries";

export const offersQuery = listPlansOptions();

export const subscriptionQuery = getSubscriptionOptions();

export const planOptionsQuery = listSubscriptionOptionsOptions();

export const subscriptionKeys = {
  offers: offersQuery.queryKey,
  subscription: subscriptionQuery.queryKey,
  options: planOptionsQuery.queryKey,
  /** A checkout that is waited for. */
  checkouts: [{ _id: "getCheckout" }] as const,
};

/** After the plan, or what was paid for, has changed: all that follows from it is read again. */
export function rereadSubscription(client: QueryClient): void {
  const { subscription, options, checkouts } = subscriptionKeys;
  for (const queryKey of [subscription, options, checkouts, userKeys.me, userKeys.ledger])
    void client.invalidateQueries({ queryKey });
}

/** The answer of a change, and all that follows from it. */
export function setSubscription(client: QueryClient, subscription: Subscription): void {
  client.setQueryData(subscriptionKeys.subscription, subscription);
  for (const queryKey of [subscriptionKeys.options, userKeys.me, userKeys.ledger])
    void client.invalidateQueries({ queryKey });
}
