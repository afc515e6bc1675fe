/** What the studio answers about plans and subscriptions, for tests of the pages. */
import type { Offers, Plan, Subscription } from "@/api/types";

const GIB = 1024 ** 3;

function planOf(
  name: string,
  display_name: string,
  price: number,
  credits_per_month: number,
  gib: number,
): Plan {
  return {
    name,
    display_name,
    monthly_price: price.toFixed(2),
    yearly_price: (price * 10).toFixed(2),
    credits_per_month,
    rollover_credits: 0,
    trial_credits: 0,
    storage_bytes: gib * GIB,
    max_queues: 1,
    features: { flux_models: price >= 75, lora_training: price >= 150 },
  };
}

export const FREE = planOf("free", "Free", 0, 0, 1);
export const PRO = planOf("pro", "Pro", 75, 15_000, 100);
export const PLANS: Plan[] = [
  FREE,
  planOf("starter", "Starter", 25, 5_000, 20),
  PRO,
  planOf("studio", "Studio", 150, 30_000, 200),
  { ...planOf("enterprise", "Enterprise", 0, 1_000_000, 10_240), monthly_price: null, yearly_price: null },
];

export const OFFERS: Offers = {
  items: PLANS,
  packs: [
    { name: "small", credits: 1_000, price: "7.00" },
    { name: "medium", credits: 5_000, price: "30.00" },
  ],
  seller: { name: "sandbox", is_sandbox: true },
};

export function subscriptionOf(change: Partial<Subscription>): Subscription {
  return {
    plan: PRO,
    status: "active",
    billing_cycle: "monthly",
    current_period_start: "2026-11-30",
    current_period_end: "2026-12-30",
    renews_at: "2026-12-30T12:00:00Z",
    ends_at: null,
    trial_ends_at: null,
    grace_ends_at: null,
    next_plan: null,
    card: "Visa 4242",
    is_sold: true,
    can: ["change", "cancel", "portal"],
    ...change,
  };
}
