/** What admins read and do about plans, subscriptions, the seller's events, codes and revenue: the calls, and what they answer. */
import type { BillingCycle, DaySpan, Plan, SubscriptionStatus, Usage } from "./billingContract";
import { get, getText, patch, post, remove } from "./calls";

export type AdminPlan = Plan & {
  max_open_jobs: number;
  queue_weight: number;
  /** null: no limit. */
  requests_per_minute: number | null;
  generations_per_minute: number | null;
  is_active: boolean;
  holders: number;
};

/** Only what is sent changes. */
export type PlanChanges = Partial<Omit<AdminPlan, "name" | "holders" | "features">> & {
  features?: Record<string, boolean>;
};

/** Whom a change of a plan touches. */
export interface Touched {
  holders: number;
  over_storage: number;
  losing: string[];
}

export interface HeldSubscription {
  user_id: string;
  email: string | null;
  display_name: string;
  plan: string;
  status: SubscriptionStatus;
  /** null: nobody sold it. */
  provider: string | null;
  provider_id: string | null;
  billing_cycle: BillingCycle;
  renews_at: string | null;
  ends_at: string | null;
  balance: number;
}

export type EventStatus = "waiting" | "applied" | "ignored" | "nobody" | "failed";

export interface BillingEvent {
  id: string;
  provider: string;
  event_name: string;
  status: EventStatus;
  attempts: number;
  error: string | null;
  user_id: string | null;
  received_at: string;
  applied_at: string | null;
  /** As it came. */
  body: Record<string, unknown>;
}

interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

interface Reconciled {
  seen: number;
  changed: number;
  nobody: number;
}

export interface Agreement {
  plan: string;
  /** null: until it is ended. */
  ends_at: string | null;
  gives_credits: boolean;
  reason: string;
}

export interface RevenueMonth {
  /** Its first day. */
  month: string;
  revenue_usd: string;
  refunded_usd: string;
  granted: number;
  spent: number;
  expired: number;
  gpu_seconds: number;
  /** null: nobody has told what a second costs. */
  gpu_cost_usd: string | null;
}

export interface Revenue {
  months: RevenueMonth[];
  /** Credits that people may still spend. */
  outstanding: number;
}

export interface Code {
  id: string;
  code: string;
  credits: number;
  keep_days: number | null;
  max_uses: number | null;
  uses: number;
  valid_until: string | null;
  created_at: string;
}

export interface NewCode {
  reason: string;
  credits: number;
  /** Left out: one is made up. */
  code?: string;
  keep_days: number | null;
  max_uses: number | null;
  valid_until: string | null;
}

interface Paged {
  cursor: string | undefined;
}

export const listAdminPlans = (signal: AbortSignal) =>
  get<{ items: AdminPlan[] }>("/admin/plans", { signal });

export const changeAdminPlan = (name: string, changes: PlanChanges, reason: string) =>
  patch<AdminPlan>("/admin/plans/{name}", { path: { name }, body: { ...changes, reason } });

export const previewPlan = (name: string, changes: PlanChanges) =>
  post<Touched>("/admin/plans/{name}/preview", { path: { name }, body: changes });

export interface SubscriptionFilter {
  plan?: string;
  status?: SubscriptionStatus;
}

export const listSubscriptions = (query: SubscriptionFilter & Paged, signal: AbortSignal) =>
  get<Page<HeldSubscription>>("/admin/subscriptions", { query, signal });

export const agreeOnPlan = (userId: string, agreement: Agreement) =>
  post("/admin/users/{user_id}/plan", { path: { user_id: userId }, body: agreement });

export const endAgreement = (userId: string, reason: string) =>
  remove("/admin/users/{user_id}/plan", { path: { user_id: userId }, body: { reason } });

export const listEvents = (query: { status?: EventStatus } & Paged, signal: AbortSignal) =>
  get<Page<BillingEvent>>("/admin/billing/events", { query, signal });

export const replayEvent = (id: string) => post("/admin/billing/events/{id}/replay", { path: { id } });

export const assignEvent = (id: string, userId: string) =>
  post("/admin/billing/events/{id}/assign", { path: { id }, body: { user_id: userId } });

export const reconcile = () => post<Reconciled>("/admin/billing/reconcile");

export const getRevenue = (query: DaySpan, signal: AbortSignal) =>
  get<Revenue>("/admin/revenue", { query, signal });

export const exportRevenue = (query: DaySpan) => getText("/admin/revenue", { query });

/** Of everybody; null: nobody has told what a second costs. */
export const getUsageOfAll = (query: DaySpan, signal: AbortSignal) =>
  get<Usage & { gpu_cost_usd: string | null }>("/admin/usage", { query, signal });

export const exportUsageOfAll = (query: DaySpan) => getText("/admin/usage", { query });

export const listCodes = (query: Paged, signal: AbortSignal) =>
  get<Page<Code>>("/admin/codes", { query, signal });

export const makeCode = (code: NewCode) => post<Code>("/admin/codes", { body: code });

export const endCode = (id: string) => remove("/admin/codes/{id}", { path: { id } });
