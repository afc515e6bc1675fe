/** In words: how a subscription stands, what another plan would change, and what stays when it ends. */
import type { BillingCycle, Plan, PlanOption, Subscription } from "@/api/billingContract";
import type { Translator } from "@/i18n/translate";

type Priced = Pick<Plan, "monthly_price" | "yearly_price">;

/** null: agreed with each customer. */
export function priceOf(plan: Priced, cycle: BillingCycle): string | null {
  return cycle === "yearly" ? plan.yearly_price : plan.monthly_price;
}

/** "$75 a month"; null where there is no price, or none to pay. */
export function priceText(plan: Priced, cycle: BillingCycle, { t, money }: Translator): string | null {
  const price = priceOf(plan, cycle);
  if (price === null || Number(price) === 0) return null;
  return t(`billing.price.${cycle}`, { price: money(price) });
}

/** What happens next to the plan, the most pressing first. */
export function standingLines(
  subscription: Subscription,
  displayName: (plan: string) => string,
  i18n: Translator,
): string[] {
  const { t, date } = i18n;
  const { plan, status, billing_cycle, renews_at, ends_at, trial_ends_at, grace_ends_at, next_plan } =
    subscription;
  const end = ends_at ?? subscription.current_period_end;
  const price = priceText(plan, billing_cycle, i18n);
  const lines: (string | false | null)[] = [
    status === "past_due" &&
      (grace_ends_at === null
        ? t("billing.past_due")
        : t("billing.past_due_until", { date: date(grace_ends_at) })),
    status === "trial" && trial_ends_at !== null && t("billing.trial_until", { date: date(trial_ends_at) }),
    status === "canceled" && end !== null && t("billing.ends_on", { date: date(end) }),
    (status === "active" || status === "trial") &&
      renews_at !== null &&
      next_plan === null &&
      (price === null
        ? t("billing.renews_on", { date: date(renews_at) })
        : t("billing.renews_for", { date: date(renews_at), price })),
    next_plan !== null &&
      end !== null &&
      t("billing.next_plan", { name: displayName(next_plan), date: date(end) }),
    !subscription.is_sold && plan.name !== "free" && t("billing.agreed"),
    !subscription.is_sold &&
      status !== "canceled" &&
      ends_at !== null &&
      t("billing.agreed_until", { date: date(ends_at) }),
    plan.name === "free" && t("billing.free_text"),
  ];
  return lines.filter((line) => typeof line === "string");
}

/** What a plan would change for this person, and when. */
export function changeText(option: PlanOption, current: string, { t, date, money }: Translator): string {
  const { action, price, starts_at, credits_now: now, credits_per_month: monthly, billing_cycle } = option;
  if (action === "current") return t("billing.option.current");
  if (action === "none") return t(price === null ? "billing.option.agreed" : "billing.option.none");
  if (action === "downgrade") {
    return starts_at === null
      ? t("billing.option.downgrade_now", { monthly })
      : t("billing.option.downgrade", { date: date(starts_at), current, monthly });
  }
  if (action === "upgrade") return t("billing.option.upgrade", { now, monthly });
  return t(`billing.option.checkout_${billing_cycle}`, { price: money(price ?? 0), now, monthly });
}

interface After {
  subscription: Subscription;
  /** What one has without paying. */
  free: Plan | undefined;
  usedBytes: number;
}

/** What stays and what ends when the plan is canceled. */
export function keptLines(
  { subscription, free, usedBytes }: After,
  { t, date, bytes }: Translator,
): string[] {
  const end = subscription.current_period_end ?? subscription.renews_at;
  const over = free !== undefined && usedBytes > free.storage_bytes;
  return [
    end === null
      ? t("billing.kept.until_end", { name: subscription.plan.display_name })
      : t("billing.kept.until", { name: subscription.plan.display_name, date: date(end) }),
    t("billing.kept.credits"),
    over
      ? t("billing.kept.too_much", { used: bytes(usedBytes), quota: bytes(free.storage_bytes) })
      : t("billing.kept.pictures"),
    t("billing.kept.back"),
  ];
}

/** What `pro_monthly` or `pack_small` is. */
export function readVariant(variant: string): { plan: string } | { pack: string } | null {
  const pack = /^pack_(.+)$/.exec(variant)?.[1];
  if (pack !== undefined) return { pack };
  const plan = /^(.+)_(?:monthly|yearly)$/.exec(variant)?.[1];
  return plan === undefined ? null : { plan };
}
