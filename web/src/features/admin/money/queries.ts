/** What admins read about money. */
import { infiniteQueryOptions, queryOptions, type QueryClient } from "@tanstack/react-query";

import { listBillingEvents, listCodes, listSubscriptions, previewPlan } from "@/api/generated";
import {
  getRevenueOptions,
  getUsageOfAllOptions,
  listAllPlansOptions,
  listBillingEventsInfiniteQueryKey,
  listCodesInfiniteQueryKey,
  listSubscriptionsInfiniteQueryKey,
} from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";
import type { BillingEvent, HeldSubscription, PlanChanges } from "@/api/types";
import { subscriptionKeys } from "@/entities/subscription/queries";
import type { DaySpan } from "@/entities/usage/usageDays";

import { rereadAfterDeed } from "../queries";

export interface SubscriptionFilter {
  plan?: string;
  status?: HeldSubscription["status"];
}

interface EventFilter {
  status?: BillingEvent["status"];
}

export const plansQuery = listAllPlansOptions();

export const previewQuery = (name: string, changes: PlanChanges) =>
  queryOptions({
    queryKey: [{ _id: "previewPlan", name, changes }],
    queryFn: ({ signal }) => previewPlan({ path: { name }, body: changes, signal }),
    placeholderData: (before) => before,
    retry: false,
  });

export const subscriptionsQuery = (query: SubscriptionFilter) =>
  infiniteQueryOptions({
    ...followingPages,
    queryKey: listSubscriptionsInfiniteQueryKey({ query }),
    queryFn: ({ pageParam, signal }) => listSubscriptions({ query: { ...query, cursor: pageParam }, signal }),
    placeholderData: (before) => before,
  });

export const eventsQuery = (query: EventFilter) =>
  infiniteQueryOptions({
    ...followingPages,
    queryKey: listBillingEventsInfiniteQueryKey({ query }),
    queryFn: ({ pageParam, signal }) => listBillingEvents({ query: { ...query, cursor: pageParam }, signal }),
    placeholderData: (before) => before,
  });

export const revenueQuery = (query: Partial<DaySpan>) =>
  queryOptions({ ...getRevenueOptions({ query }), placeholderData: (before) => before });

export const usageQuery = (query: DaySpan) =>
  queryOptions({ ...getUsageOfAllOptions({ query }), placeholderData: (before) => before });

export const codesQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: listCodesInfiniteQueryKey(),
  queryFn: ({ pageParam, signal }) => listCodes({ query: { cursor: pageParam }, signal }),
});

const CHANGED = ["listAllPlans", "listSubscriptions", "listBillingEvents", "listCodes", "getRevenue"];

/** After anything about money was done: what is listed of it, the people, and the audit log. */
export async function rereadAfterMoney(client: QueryClient): Promise<void> {
  const reread = [...CHANGED.map((_id) => [{ _id }]), ...Object.values(subscriptionKeys)];
  await Promise.all([
    rereadAfterDeed(client),
    ...reread.map((queryKey) => client.invalidateQueries({ queryKey })),
  ]);
}
