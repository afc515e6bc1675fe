/** In words: how a subscription stands, what another plan would change, and what stays when it ends. */
import type { BillingCycle, Plan, PlanOption, Subscription } from "@/api/types";
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

type Held = Pick<Subscription, "plan" | "status" | "ends_at">;

/** What a plan would change for this person, and when. `option`: undefined where a plan is not sold. */
export function changeText(
  plan: Pick<Plan, "name" | "monthly_price">,
  option: PlanOption | undefined,
  held: Held | undefined,
  i18n: Translator,
): string {
  const { t, date, money } = i18n;
  if (!option || option.action === "none") return whyNot(plan, option, held, i18n);
  const { action, price, starts_at, credits_now: now, credits_per_month: monthly, billing_cycle } = option;
  const current = held?.plan.display_name ?? "";
  if (action === "current") return currentText(held, i18n);
  if (action === "checkout")
    return t(`billing.option.checkout_${billing_cycle}`, { price: money(price), now, monthly });
  if (held?.status === "trial") return t("billing.option.trial", { monthly });
  if (isStaying(option, held)) return t("billing.option.stay");
  if (starts_at !== null) return t("billing.option.downgrade", { date: date(starts_at), current, monthly });
  if (action === "downgrade") return t("billing.option.downgrade_now", { monthly });
  return now > 0 ? t("billing.option.upgrade", { now, monthly }) : t("billing.option.longer", { monthly });
}

/** What is paid when a better plan is taken, as far as that is known; null: nothing is. */
export function dueText(
  { action, starts_at, due_now, billing_cycle }: PlanOption,
  held: Pick<Subscription, "status" | "billing_cycle"> | undefined,
  { t, money }: Translator,
): string | null {
  if (action !== "upgrade" || starts_at !== null || held?.status === "trial") return null;
  const kind = held?.billing_cycle === billing_cycle ? "same" : "longer";
  return due_now === null
    ? t(`billing.due.unknown_${kind}`)
    : t(`billing.due.${kind}`, { price: money(due_now) });
}

/** Back to the plan that is paid for already, before another one takes its place. */
export function isStaying(option: PlanOption, held: Pick<Subscription, "plan"> | undefined): boolean {
  return option.action === "upgrade" && option.starts_at !== null && option.plan === held?.plan.name;
}

function currentText(held: Held | undefined, { t, date }: Translator): string {
  if (held?.status !== "canceled" || held.ends_at === null) return t("billing.option.current");
  return t("billing.ends_on", { date: date(held.ends_at) });
}

function whyNot(
  plan: Pick<Plan, "name" | "monthly_price">,
  option: PlanOption | undefined,
  held: Held | undefined,
  i18n: Translator,
): string {
  const { t } = i18n;
  if (plan.name === held?.plan.name) return currentText(held, i18n);
  if (plan.monthly_price === null) return t("billing.option.agreed");
  if (!option) return t("billing.option.none");
  if (held?.status === "canceled") return t("billing.option.canceled");
  return t(held?.status === "past_due" ? "billing.option.past_due" : "billing.option.as_good");
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
