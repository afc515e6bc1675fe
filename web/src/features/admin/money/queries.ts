/** What admins read about money. */
import { infiniteQueryOptions, queryOptions, type QueryClient } from "@tanstack/react-query";

import {
  getRevenue,
  getUsageOfAll,
  listAdminPlans,
  listCodes,
  listEvents,
  listSubscriptions,
  previewPlan,
  type EventStatus,
  type PlanChanges,
  type SubscriptionFilter,
} from "@/api/billingAdmin";
import type { DaySpan } from "@/api/billingContract";
import { followingPages } from "@/api/pages";
import { subscriptionKeys } from "@/entities/subscription/queries";

import { rereadAfterDeed } from "../queries";

export const plansQuery = queryOptions({
  queryKey: [{ _id: "listAdminPlans" }],
  queryFn: ({ signal }) => listAdminPlans(signal),
});

export const previewQuery = (name: string, changes: PlanChanges) =>
  queryOptions({
    queryKey: [{ _id: "previewPlan", name, changes }],
    queryFn: () => previewPlan(name, changes),
    placeholderData: (before) => before,
    retry: false,
  });

export const subscriptionsQuery = (filter: SubscriptionFilter) =>
  infiniteQueryOptions({
    ...followingPages,
    queryKey: [{ _id: "listSubscriptions", filter }],
    queryFn: ({ pageParam, signal }) => listSubscriptions({ ...filter, cursor: pageParam }, signal),
    placeholderData: (before) => before,
  });

export const eventsQuery = (filter: { status?: EventStatus }) =>
  infiniteQueryOptions({
    ...followingPages,
    queryKey: [{ _id: "listBillingEvents", filter }],
    queryFn: ({ pageParam, signal }) => listEvents({ ...filter, cursor: pageParam }, signal),
    placeholderData: (before) => before,
  });

export const revenueQuery = (span: DaySpan) =>
  queryOptions({
    queryKey: [{ _id: "getRevenue", span }],
    queryFn: ({ signal }) => getRevenue(span, signal),
    placeholderData: (before) => before,
  });

export const usageQuery = (span: DaySpan) =>
  queryOptions({
    queryKey: [{ _id: "getUsageOfAll", span }],
    queryFn: ({ signal }) => getUsageOfAll(span, signal),
    placeholderData: (before) => before,
  });

export const codesQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: [{ _id: "listCodes" }],
  queryFn: ({ pageParam, signal }) => listCodes({ cursor: pageParam }, signal),
});

const CHANGED = ["listAdminPlans", "listSubscriptions", "listBillingEvents", "listCodes", "getRevenue"];

/** After anything about money was done: what is listed of it, the people, and the audit log. */
export async function rereadAfterMoney(client: QueryClient): Promise<void> {
  const reread = [...CHANGED.map((_id) => [{ _id }]), ...Object.values(subscriptionKeys)];
  await Promise.all([
    rereadAfterDeed(client),
    ...reread.map((queryKey) => client.invalidateQueries({ queryKey })),
  ]);
}
