/** The pages of admins about money. */
import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { CodeDialog } from "@/features/admin/money/CodeDialog";
import { EventsPage } from "@/features/admin/money/EventsPage";
import { PlansPage } from "@/features/admin/money/PlansPage";
import { RevenuePage } from "@/features/admin/money/RevenuePage";

import { FREE, OFFERS, PRO } from "./billingAnswers";
import { show, signInHere, studio } from "./fakeStudio";

beforeEach(signInHere);

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("an admin sees whom the change of a plan touches before it is made", async () => {
  const user = userEvent.setup();
  const rest = { max_open_jobs: 200, queue_weight: 50, requests_per_minute: 120, generations_per_minute: 10 };
  const plans = [FREE, PRO].map((plan) => ({ ...plan, ...rest, is_active: true, holders: 3 }));
  const calls = studio({
    "GET /admin/plans": { items: plans },
    "POST /admin/plans/pro/preview": { holders: 3, over_storage: 1, losing: ["flux_models"] },
    "PATCH /admin/plans/pro": plans[1],
  });
  show(<PlansPage />);

  await user.click(await screen.findByRole("button", { name: "Edit Pro" }));
  const dialog = await screen.findByRole("dialog", { name: "Edit Pro" });
  const storage = within(dialog).getByLabelText("Storage (GiB)");
  await user.clear(storage);
  await user.type(storage, "10");
  await user.click(within(dialog).getByRole("checkbox", { name: "FLUX models" }));
  await within(dialog).findByText("It touches 3 people.");
  expect(within(dialog).getByText(/1 of them has more pictures than would fit/)).toBeTruthy();
  expect(within(dialog).getByText("They lose: FLUX models.")).toBeTruthy();
  await user.type(within(dialog).getByLabelText("Reason"), "Dear disks");
  await user.click(within(dialog).getByRole("button", { name: "Save" }));

  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(calls.find(({ method }) => method === "PATCH")?.body).toEqual({
    storage_bytes: 10 * 1024 ** 3,
    features: { flux_models: false },
    reason: "Dear disks",
  });
});

test("an event of nobody is said to be, and is given to somebody", async () => {
  const user = userEvent.setup();
  const event = {
    id: "e1",
    provider: "sandbox",
    event_name: "subscription_created",
    status: "nobody",
    attempts: 1,
    error: null,
    user_id: null,
    received_at: "2026-11-30T00:00:00Z",
    applied_at: null,
    body: { meta: { event_name: "subscription_created" } },
  };
  const person = {
    id: "p1",
    email: "nari@example.com",
    display_name: "Nari",
    role: "user",
    status: "active",
  };
  const calls = studio({
    "GET /plans": OFFERS,
    "GET /admin/billing/events": { items: [event], next_cursor: null },
    "GET /admin/users": { items: [person], next_cursor: null },
    "GET /admin/users/p1": person,
    "POST /admin/billing/events/e1/assign": { ...event, status: "waiting", user_id: "p1" },
  });
  show(<EventsPage />);

  const told = await screen.findByRole("listitem");
  expect(within(told).getByText("Nobody's")).toBeTruthy();
  await user.click(within(told).getByRole("button", { name: "Assign" }));
  const dialog = await screen.findByRole("dialog", { name: "Whose is it?" });
  await user.type(within(dialog).getByRole("combobox", { name: "User" }), "nari");
  await user.click(await screen.findByRole("option", { name: "nari@example.com" }));
  await user.click(within(dialog).getByRole("button", { name: "Assign" }));

  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(calls.find(({ method }) => method === "POST")?.body).toEqual({ user_id: "p1" });
});

test("revenue is written as the language does, and what nobody has told is not guessed", async () => {
  const month = {
    month: "2026-11-01",
    revenue_usd: "1234.50",
    refunded_usd: "75.00",
    granted: 150_000,
    spent: 98_765,
    expired: 0,
    gpu_seconds: 7200,
    gpu_cost_usd: null,
  };
  studio({ "GET /plans": OFFERS, "GET /admin/revenue": { months: [month], outstanding: 345_678 } });
  show(<RevenuePage />, "/admin/revenue", "ko");

  const row = await screen.findByRole("row", { name: /2026년 11월/ });

  const cells = within(row).getAllByRole("cell");
  expect(cells.map((cell) => cell.textContent)).toEqual([
    "2026년 11월",
    "US$1,234.50",
    "US$75",
    "150,000",
    "98,765",
    "0",
    "2시간",
    "알 수 없음",
  ]);
  expect(screen.getByText("345,678")).toBeTruthy();
});

test("what is wrong with a new code stands beside its fields", async () => {
  const user = userEvent.setup();
  const errors = [
    { loc: ["body", "code"], msg: "must have 6 to 40 letters", code: "code_form" },
    { loc: ["body", "valid_until"], msg: "is not in the future", code: "has_passed" },
  ];
  studio({
    "POST /admin/codes": new Response(JSON.stringify({ code: "validation_error", errors }), { status: 422 }),
  });
  show(<CodeDialog onClose={vi.fn()} />);

  await user.type(screen.getByLabelText("Code"), "-x-");
  await user.type(screen.getByLabelText("Reason"), "A fair");
  await user.click(screen.getByRole("button", { name: "New code" }));

  await waitFor(() => expect(screen.getByLabelText("Code").getAttribute("aria-invalid")).toBe("true"));
  expect(screen.getByText("This lies in the past.")).toBeTruthy();
  expect(screen.queryByText("Some of the entries are not right.")).toBeNull();
});
