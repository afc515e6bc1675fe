/** What the API says and takes about plans, subscriptions, credits and usage. Prices are decimals in USD, as the API writes them. */
import type { PlanOut, TransactionOut } from "./generated";

export type BillingCycle = "monthly" | "yearly";

export type Plan = PlanOut & { rollover_credits: number; trial_credits: number };

export interface Pack {
  name: string;
  credits: number;
  price: string;
}

/** Who sells here. */
interface SellerFacts {
  name: string;
  is_sandbox: boolean;
}

export interface Offers {
  items: Plan[];
  packs: Pack[];
  /** null: nothing is sold here. */
  seller: SellerFacts | null;
}

export type SubscriptionStatus = "active" | "trial" | "past_due" | "canceled";
/** What the person can do with it right now. */
type SubscriptionDeed = "change" | "cancel" | "resume" | "portal";

export interface Subscription {
  plan: PlanOut;
  status: SubscriptionStatus;
  billing_cycle: BillingCycle;
  current_period_start: string;
  current_period_end: string | null;
  renews_at: string | null;
  ends_at: string | null;
  trial_ends_at: string | null;
  grace_ends_at: string | null;
  /** The name of the plan that follows. */
  next_plan: string | null;
  /** Brand and last digits. */
  card: string | null;
  /** Whether a seller knows of it; else it is free, or agreed with an admin. */
  is_sold: boolean;
  can: (SubscriptionDeed | (string & {}))[];
}

type ChangeAction = "checkout" | "upgrade" | "downgrade" | "current" | "none";

/** What a plan would change for this person. */
export interface PlanOption {
  plan: string;
  billing_cycle: BillingCycle;
  price: string | null;
  action: ChangeAction;
  /** null: now. */
  starts_at: string | null;
  credits_now: number;
  credits_per_month: number;
}

export interface PlanChoice {
  plan: string;
  billing_cycle: BillingCycle;
}

export interface CheckoutStarted {
  id: string;
  checkout_url: string;
  expires_at: string;
}

export interface Checkout {
  id: string;
  /** Plan and cycle, or pack: `pro_monthly`, `pack_small`. */
  variant: string;
  status: "waiting" | "paid";
  created_at: string;
}

/** Pages of the seller, made anew each time: they are signed for some hours. */
export interface CustomerPages {
  portal: string;
  change_card: string;
  change_plan: string | null;
}

export interface Redeemed {
  credits: number;
  balance: number;
  expires_at: string | null;
}

/** Days such as "2026-03-01", both of them within. */
export interface DaySpan {
  from?: string;
  to?: string;
}

export interface StatementFilter extends DaySpan {
  type?: TransactionOut["transaction_type"];
}

export interface UsageFigures {
  completed: number;
  failed: number;
  canceled: number;
  credits: number;
  gpu_seconds: number;
}

export interface Usage {
  from: string;
  to: string;
  totals: UsageFigures;
  days: (UsageFigures & { day: string })[];
  models: (UsageFigures & { model: string })[];
  kinds: (UsageFigures & { job_type: string })[];
  /** `key_id` is null where no key asked for them; `name` too, where the key is gone. */
  keys: (UsageFigures & { key_id: string | null; name: string | null })[];
}
