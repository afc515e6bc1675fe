import { describe, expect, test } from "vitest";

import type { AdminPlan, PlanOption, Subscription } from "@/api/types";
import { barsOf, lastDays } from "@/entities/usage/usageDays";
import { changesOf, entriesOf } from "@/features/admin/money/planEntries";
import { EMPTY_CODE, readCode } from "@/features/admin/money/codeEntries";
import { expiringNext } from "@/features/billing/expiring";
import { changeText, dueText, keptLines, readVariant, standingLines } from "@/features/billing/planText";
import { soundFilter } from "@/features/billing/useStatementFilter";

import { FREE, PLANS, PRO, subscriptionOf } from "./billingAnswers";
import { translatorIn } from "./words";

const en = translatorIn("en");
const ko = translatorIn("ko");
const nameOf = (plan: string) => PLANS.find(({ name }) => name === plan)?.display_name ?? plan;
const standing = (change: Partial<Subscription>) => standingLines(subscriptionOf(change), nameOf, en);

describe("how a subscription stands", () => {
  test("is said with the day and the amount of what comes next, as the language writes them", () => {
    expect(standing({})).toEqual(["Renews on Dec 30, 2026 for $75 a month."]);
    expect(standingLines(subscriptionOf({}), nameOf, ko)).toEqual(["2026. 12. 30.에 월 US$75로 갱신됩니다."]);
  });

  test("tells what ends, what follows, what is owed and what is tried", () => {
    expect(
      standing({ status: "canceled", renews_at: null, ends_at: "2026-12-30T12:00:00Z", can: ["resume"] }),
    ).toEqual(["Canceled: it ends on Dec 30, 2026, then you are on Free."]);
    expect(standing({ next_plan: "free" })).toEqual(["It changes to Free on Dec 30, 2026."]);
    expect(standing({ status: "past_due", renews_at: null, grace_ends_at: "2027-01-06T12:00:00Z" })).toEqual([
      "The last payment did not go through. Change your card: the plan holds until Jan 6, 2027.",
    ]);
    expect(standing({ status: "trial", trial_ends_at: "2026-12-07T12:00:00Z" })[0]).toBe(
      "Trial until Dec 7, 2026.",
    );
    expect(standing({ is_sold: false, renews_at: null })).toEqual(["Agreed with whoever runs this studio."]);
    expect(standing({ plan: FREE, is_sold: false, renews_at: null })).toEqual([
      "You pay nothing. With a plan you get credits each month.",
    ]);
  });
});

describe("what another plan would change", () => {
  const held = subscriptionOf({});
  const option = (change: Partial<PlanOption>): PlanOption => ({
    plan: "studio",
    billing_cycle: "monthly",
    price: "150.00",
    action: "upgrade",
    starts_at: null,
    credits_now: 15_000,
    credits_per_month: 30_000,
    due_now: "48.62",
    ...change,
  });
  const said = (change: Partial<PlanOption>, from = held, i18n = en) =>
    changeText({ name: "studio", monthly_price: "150.00" }, option(change), from, i18n);

  test("is said to the credit and the day", () => {
    expect(said({})).toContain("15,000 credits come at once; then 30,000 each month.");
    expect(said({}, held, ko)).toContain("크레딧 15,000개를 바로 받습니다.");
    expect(said({ action: "checkout", credits_now: 30_000 })).toBe(
      "You pay $150 now and each month. 30,000 credits come at once, then 30,000 each month.",
    );
    expect(said({ action: "checkout", billing_cycle: "yearly", price: "1500.00" })).toContain(
      "You pay $1,500 now and each year.",
    );
    expect(
      said({
        action: "downgrade",
        starts_at: "2026-12-30T12:00:00Z",
        credits_now: 0,
        credits_per_month: 5000,
      }),
    ).toBe("From Dec 30, 2026 on. Until then you keep Pro. Then 5,000 credits each month.");
  });

  test("is nothing where one stays with what is paid for, and nothing yet in a trial", () => {
    const stay = option({ plan: "pro", starts_at: "2026-12-30T12:00:00Z", credits_now: 0 });

    expect(changeText(PRO, stay, held, en)).toBe("You keep what you have paid for. Nothing is paid now.");
    expect(said({ credits_now: 0 }, subscriptionOf({ status: "trial" }))).toContain(
      "Nothing is paid before your trial ends",
    );
  });

  test("tells about how much is paid now, and how it is counted where only the seller knows", () => {
    const due = (change: Partial<PlanOption>, from = held, i18n = en) => dueText(option(change), from, i18n);

    expect(due({})).toMatch(/^Due now: about \$48\.62, before taxes\. That is the difference/);
    expect(due({}, held, ko)).toContain("약 US$48.62");
    expect(due({ billing_cycle: "yearly", due_now: "1451.38" })).toMatch(
      /\$1,451\.38.*new price less what is left/,
    );
    expect(due({ due_now: null })).toMatch(/difference between the two prices.*Only the payment service/);
    expect(due({}, subscriptionOf({ status: "trial" }))).toBeNull();
    expect(due({ starts_at: "2026-12-30T12:00:00Z" })).toBeNull();
    expect(due({ action: "downgrade", starts_at: null })).toBeNull();
  });

  test("is until when it runs, where it is canceled", () => {
    const canceled = subscriptionOf({ status: "canceled", ends_at: "2026-12-30T12:00:00Z", can: ["resume"] });

    expect(said({ plan: "pro", action: "current" }, canceled)).toBe(
      "Canceled: it ends on Dec 30, 2026, then you are on Free.",
    );
  });

  test("or why it cannot be taken", () => {
    const none = { action: "none" } as const;

    expect(said(none, subscriptionOf({ status: "canceled" }))).toBe("Take back the cancellation first.");
    expect(said(none, subscriptionOf({ status: "past_due" }))).toContain("Change your card first");
    expect(changeText({ name: "enterprise", monthly_price: null }, undefined, held, en)).toBe(
      "Agreed with whoever runs this studio.",
    );
    expect(changeText(FREE, undefined, held, en)).toContain("Nothing to pay.");
    expect(changeText(FREE, undefined, subscriptionOf({ plan: FREE }), en)).toBe("Your plan now.");
  });
});

test("before a plan is canceled it is said what is kept, and what no longer fits", () => {
  const subscription = subscriptionOf({});
  const gib = 1024 ** 3;

  expect(keptLines({ subscription, free: FREE, usedBytes: gib / 2 }, en)).toEqual([
    "Pro holds until Dec 30, 2026, with everything in it.",
    "Monthly credits expire with their month. Credits you bought or were given stay until their own dates.",
    "Your pictures stay, all of them.",
    "Until it ends you can take this back.",
  ]);
  expect(keptLines({ subscription, free: FREE, usedBytes: 3 * gib }, en)[2]).toBe(
    "Nothing is deleted. You use 3 GB, and Free has 1 GB: until you use less, you cannot make or upload anything new.",
  );
});

test("what was bought is read from the name of its variant", () => {
  expect(readVariant("pro_monthly")).toEqual({ plan: "pro" });
  expect(readVariant("studio_yearly")).toEqual({ plan: "studio" });
  expect(readVariant("pack_small")).toEqual({ pack: "small" });
  expect(readVariant("something")).toBeNull();
});

test("credits that expire within a week are told together, with the first day", () => {
  const now = Date.parse("2026-12-01T00:00:00Z");
  const grants = [
    { remaining: 40, expires_at: "2026-12-06T00:00:00Z" },
    { remaining: 7, expires_at: "2026-12-03T00:00:00Z" },
    { remaining: 0, expires_at: "2026-12-02T00:00:00Z" },
    { remaining: 500, expires_at: "2027-12-02T00:00:00Z" },
    { remaining: 9, expires_at: null },
  ];

  expect(expiringNext(grants, now)).toEqual({ credits: 47, at: "2026-12-03T00:00:00Z" });
  expect(expiringNext(grants.slice(3), now)).toBeNull();
});

test("the bars of usage have a day without a row as nothing, and a year by the week with nothing lost", () => {
  const figures = { completed: 1, failed: 0, canceled: 0, gpu_seconds: 1 };
  const days = [
    { ...figures, day: "2026-03-01", credits: 5 },
    { ...figures, day: "2026-03-03", credits: 7 },
  ];

  const week = barsOf({ ...lastDays(7, Date.parse("2026-03-04T23:00:00Z")), days });
  const year = barsOf({ ...lastDays(365, Date.parse("2026-03-04T23:00:00Z")), days });

  expect(week.map(({ credits }) => credits)).toEqual([0, 0, 0, 5, 0, 7, 0]);
  expect([week[0]?.from, week.at(-1)?.to]).toEqual(["2026-02-26", "2026-03-04"]);
  expect(year).toHaveLength(53);
  expect(year.reduce((sum, { credits }) => sum + credits, 0)).toBe(12);
  expect([year[0]?.from, year.at(-1)?.to]).toEqual(["2025-03-05", "2026-03-04"]);
});

test("the filter of the statement takes from the address only what it can ask for", () => {
  const asked = (text: string) => soundFilter(new URLSearchParams(text));

  expect(asked("type=refund&from=2026-03-01&to=2026-03-31")).toEqual({
    type: "refund",
    from: "2026-03-01",
    to: "2026-03-31",
  });
  expect(asked("type=theft&from=yesterday&to=2026-99-99")).toEqual({});
});

describe("what an admin fills in", () => {
  const plan: AdminPlan = {
    ...PRO,
    max_open_jobs: 200,
    queue_weight: 50,
    requests_per_minute: 120,
    generations_per_minute: null,
    is_active: true,
    holders: 3,
  };
  const before = entriesOf(plan);
  const changed = (figures: Partial<typeof before.figures>) =>
    changesOf(before, { ...before, figures: { ...before.figures, ...figures } });

  test("of a plan changes only what was touched", () => {
    expect(changesOf(before, before)).toEqual({ changes: {}, wrong: [] });
    expect(changed({ monthly_price: "80.5", storage_gib: "50", requests_per_minute: "" }).changes).toEqual({
      monthly_price: "80.5",
      storage_bytes: 50 * 1024 ** 3,
      requests_per_minute: null,
    });
    expect(
      changesOf(before, { ...before, is_active: false, features: { ...before.features, flux_models: false } })
        .changes,
    ).toEqual({ is_active: false, features: { flux_models: false } });
  });

  test("is told to be wrong where it is no figure", () => {
    expect(changed({ monthly_price: "-1", credits_per_month: "", max_queues: "1.5" }).wrong).toEqual([
      "monthly_price",
      "credits_per_month",
      "max_queues",
    ]);
    expect(changesOf(before, { ...before, display_name: " " }).wrong).toEqual(["display_name"]);
  });

  test("of a code leaves out what is left empty", () => {
    expect(readCode({ ...EMPTY_CODE, code: " SPRING ", credits: "250" }).code).toEqual({
      code: "SPRING",
      credits: 250,
      keep_days: null,
      max_uses: null,
      valid_until: null,
    });
    expect(readCode({ ...EMPTY_CODE, credits: "", keep_days: "0", max_uses: "many" }).wrong).toEqual([
      "credits",
      "keep_days",
      "max_uses",
    ]);
  });
});
