/** The pages about plans and credits, before a studio that answers as the contract says. */
import { act, cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Offers, PlanOption, Subscription } from "@/api/types";
import { NotEnough } from "@/entities/subscription/NotEnough";
import { PlanCard } from "@/features/billing/PlanCard";
import { PlansPage } from "@/features/billing/PlansPage";
import { Redeem } from "@/features/billing/Redeem";
import { ReturnPage } from "@/features/billing/ReturnPage";

import { OFFERS, PLANS, PRO, subscriptionOf } from "./billingAnswers";
import { json, show, signInHere, studio } from "./fakeStudio";

const ME = {
  credits: { balance: 420, held: 0 },
  storage: { used_bytes: 0, quota_bytes: 1 },
  plan: PRO,
  profile: { preferences: {} },
};

beforeEach(signInHere);

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const option = (plan: string, change: Partial<PlanOption>): PlanOption => ({
  plan,
  billing_cycle: "monthly",
  price: "150.00",
  action: "upgrade",
  starts_at: null,
  credits_now: 15_000,
  credits_per_month: 30_000,
  due_now: null,
  ...change,
});
const OPTIONS = [
  option("starter", {
    action: "downgrade",
    starts_at: "2026-12-30T12:00:00Z",
    credits_now: 0,
    credits_per_month: 5_000,
  }),
  option("pro", { action: "current", credits_now: 0, credits_per_month: 15_000 }),
  option("studio", {}),
];
const PAGE = {
  "GET /plans": OFFERS,
  "GET /me": ME,
  "GET /subscription": subscriptionOf({}),
  "GET /subscription/options": { items: OPTIONS },
};

test("the plans say what each would change, and an upgrade is taken after it was said once more", async () => {
  const user = userEvent.setup();
  const after: Subscription = subscriptionOf({ plan: PLANS[3] ?? PRO });
  const calls = studio({ ...PAGE, "POST /subscription/change": after });
  show(<PlansPage />);

  const studioPlan = await screen.findByRole("listitem", { name: "Studio" });
  await within(studioPlan).findByText(/15,000 credits come at once/);
  expect(screen.getByRole("note").textContent).toContain("No real money is paid here");
  const starter = screen.getByRole("listitem", { name: "Starter" });
  expect(starter.textContent).toContain("From Dec 30, 2026 on. Until then you keep Pro.");
  expect(within(screen.getByRole("listitem", { name: "Pro" })).queryByRole("button")).toBeNull();
  expect(screen.getByRole("listitem", { name: "Enterprise" }).textContent).toContain("By agreement");
  await user.click(within(studioPlan).getByRole("button", { name: "Upgrade to Studio" }));
  const dialog = await screen.findByRole("dialog", { name: "Change to Studio?" });
  expect(calls.some(({ method }) => method === "POST")).toBe(false);
  await user.click(within(dialog).getByRole("button", { name: "Upgrade to Studio" }));

  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(calls.find(({ method }) => method === "POST")).toEqual({
    method: "POST",
    path: "/subscription/change",
    body: { plan: "studio", billing_cycle: "monthly" },
  });
});

test("a plan by the year is offered with its price by the year, in the language of the page", async () => {
  const user = userEvent.setup();
  studio(PAGE);
  show(<PlansPage />, "/", "ko");

  const plan = await screen.findByRole("listitem", { name: "Pro" });
  expect(plan.textContent).toContain("월 US$75");
  await user.click(screen.getByRole("radio", { name: "연간" }));

  expect(plan.textContent).toContain("연 US$750");
  expect(plan.textContent).toContain("월 US$62.50");
});

test("whoever sells nothing has no buttons to buy with", async () => {
  studio({ ...PAGE, "GET /plans": { ...OFFERS, seller: null } satisfies Offers });
  show(<PlansPage />);

  await screen.findByText(/This studio sells nothing/);
  await screen.findByText(/15,000 credits come at once/);

  expect(screen.queryByRole("button", { name: /Upgrade|Buy/ })).toBeNull();
  expect(screen.queryByRole("heading", { name: "Credit packs" })).toBeNull();
});

test("a plan is canceled once it was said what is kept, and that can be taken back", async () => {
  const user = userEvent.setup();
  const canceled = subscriptionOf({
    status: "canceled",
    renews_at: null,
    ends_at: "2026-12-30T12:00:00Z",
    can: ["resume", "portal"],
  });
  const calls = studio({
    ...PAGE,
    "POST /subscription/cancel": canceled,
    "POST /subscription/resume": subscriptionOf({}),
  });
  show(<PlanCard />);

  await user.click(await screen.findByRole("button", { name: "Cancel plan" }));
  const dialog = await screen.findByRole("dialog", { name: "Cancel Pro?" });
  expect(within(dialog).getByRole("list", { name: "What is kept" }).textContent).toContain(
    "Pro holds until Dec 30, 2026",
  );
  await user.click(within(dialog).getByRole("button", { name: "Cancel plan" }));
  await screen.findByText("Canceled: it ends on Dec 30, 2026, then you are on Free.");
  await user.click(screen.getByRole("button", { name: "Keep my plan" }));
  await screen.findByText("Renews on Dec 30, 2026 for $75 a month.");

  expect(calls.filter(({ method }) => method === "POST").map(({ path }) => path)).toEqual([
    "/subscription/cancel",
    "/subscription/resume",
  ]);
});

test("a canceled plan is taken back on its card among the plans", async () => {
  const user = userEvent.setup();
  const canceled = subscriptionOf({
    status: "canceled",
    renews_at: null,
    ends_at: "2026-12-30T12:00:00Z",
    can: ["resume", "portal"],
  });
  const calls = studio({
    ...PAGE,
    "GET /subscription": canceled,
    "POST /subscription/resume": subscriptionOf({}),
  });
  show(<PlansPage />);

  const pro = await screen.findByRole("listitem", { name: "Pro" });
  await user.click(await within(pro).findByRole("button", { name: "Keep my plan" }));
  await waitFor(() => expect(within(pro).queryByRole("button", { name: "Keep my plan" })).toBeNull());

  expect(screen.queryAllByRole("button", { name: "Keep my plan" })).toEqual([]);
  expect(calls.filter(({ method }) => method === "POST").map(({ path }) => path)).toEqual([
    "/subscription/resume",
  ]);
});

test("what the seller refuses is said beside the button, and nothing looks changed", async () => {
  const user = userEvent.setup();
  const refused = () => json({ code: "cannot_change_now", detail: "It is paused." }, 409);
  studio({ ...PAGE, "POST /subscription/cancel": refused });
  show(<PlanCard />);

  await user.click(await screen.findByRole("button", { name: "Cancel plan" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("button", { name: "Cancel plan" }));

  expect((await within(dialog).findByRole("alert")).textContent).toContain("cannot be changed as it stands");
  expect(screen.getByText("Renews on Dec 30, 2026 for $75 a month.")).toBeTruthy();
});

test("back from a checkout the page waits, says when it takes long, and goes on when it is told", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  let status = "waiting";
  const checkout = () => ({ id: "c1", variant: "pro_monthly", status, created_at: "2026-11-30T00:00:00Z" });
  const calls = studio({ ...PAGE, "GET /checkouts/c1": checkout });
  show(<ReturnPage />, "/billing/return?checkout=c1");
  const asked = () => calls.filter(({ path }) => path === "/checkouts/c1").length;

  await screen.findByRole("heading", { name: "Confirming your payment" });
  await act(() => vi.advanceTimersByTimeAsync(16_000));
  await screen.findByRole("heading", { name: "This takes longer than usual" });
  expect(screen.getByText(/Nothing is lost/)).toBeTruthy();
  const before = asked();
  status = "paid";
  await act(() => vi.advanceTimersByTimeAsync(11_000));
  await screen.findByRole("heading", { name: "Thank you" });
  expect(screen.getByText(/^Pro is your plan now/)).toBeTruthy();
  expect(await screen.findByText("You have 420 credits now.")).toBeTruthy();
  const after = asked();
  await act(() => vi.advanceTimersByTimeAsync(60_000));

  expect(after).toBeGreaterThan(before);
  // What is paid is asked about no more, but for once when all is read again.
  expect(asked() - after).toBeLessThanOrEqual(1);
});

test("a checkout of somebody else is none", async () => {
  const calls = studio({ ...PAGE });
  show(<ReturnPage />, "/billing/return?checkout=c2");

  await screen.findByRole("heading", { name: "There is no such payment" });

  expect(calls.filter(({ path }) => path === "/checkouts/c2")).toHaveLength(1);
});

test("where credits are missing it is said how many, with the two ways on, or whom to ask", async () => {
  studio({ ...PAGE });
  show(<NotEnough cost={40} balance={12} />);

  expect(screen.getByText("28 credits are missing")).toBeTruthy();
  const plan = await screen.findByRole("link", { name: "Take a larger plan" });
  expect(
    [plan, screen.getByRole("link", { name: "Buy credits" })].map((link) => link.getAttribute("href")),
  ).toEqual(["/credits/plans", "/credits#packs"]);
  cleanup();
  studio({ ...PAGE, "GET /plans": { ...OFFERS, seller: null } });
  show(<NotEnough cost={40} balance={12} />);

  expect(await screen.findByText(/This studio sells no credits/)).toBeTruthy();
  expect(screen.queryByRole("link")).toBeNull();
});

test("a code that was used before is said to be, beside the field, and at once", async () => {
  const user = userEvent.setup();
  const calls = studio({ "POST /credits/redeem": () => json({ code: "code_used", detail: "Used." }, 409) });
  show(<Redeem />);

  await user.type(screen.getByLabelText("Code"), "spring");
  await user.click(screen.getByRole("button", { name: "Redeem" }));

  expect((await screen.findByRole("alert")).textContent).toBe("You have had the credits of this code.");
  expect(calls.map(({ body }) => body)).toEqual([{ code: "spring" }]);
});
