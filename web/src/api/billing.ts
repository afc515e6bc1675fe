/** The calls about plans, subscriptions, credits and usage. */
import type {
  Checkout,
  CheckoutStarted,
  CustomerPages,
  DaySpan,
  Offers,
  PlanChoice,
  PlanOption,
  Redeemed,
  StatementFilter,
  Subscription,
  Usage,
} from "./billingContract";
import { get, getText, post } from "./calls";
import type { CreditsPage, JobOut } from "./generated";

export const listOffers = (signal: AbortSignal) => get<Offers>("/plans", { signal });

export const getSubscription = (signal: AbortSignal) => get<Subscription>("/subscription", { signal });

export const listPlanOptions = (signal: AbortSignal) =>
  get<{ items: PlanOption[] }>("/subscription/options", { signal });

export const beginPlanCheckout = (choice: PlanChoice, key: string) =>
  post<CheckoutStarted>("/subscription/checkout", { body: choice, key });

export const beginPackCheckout = (pack: string, key: string) =>
  post<CheckoutStarted>("/credits/checkout", { body: { pack }, key });

export const getCheckout = (id: string, signal: AbortSignal) =>
  get<Checkout>("/checkouts/{id}", { path: { id }, signal });

export const changePlan = (choice: PlanChoice) =>
  post<Subscription>("/subscription/change", { body: choice });

export const cancelSubscription = () => post<Subscription>("/subscription/cancel");

export const resumeSubscription = () => post<Subscription>("/subscription/resume");

export const getCustomerPages = () => get<CustomerPages>("/subscription/portal");

export const redeemCode = (code: string) => post<Redeemed>("/credits/redeem", { body: { code } });

export const listStatement = (
  query: StatementFilter & { limit: number; cursor: string | undefined },
  signal: AbortSignal,
) => get<CreditsPage>("/me/credits", { query, signal });

export const getUsage = (query: DaySpan, signal: AbortSignal) => get<Usage>("/me/usage", { query, signal });

export const exportStatement = (query: StatementFilter) => getText("/me/credits", { query });

export const exportUsage = (query: DaySpan) => getText("/me/usage", { query });

export const reportMissing = (id: string) => post<JobOut>("/jobs/{id}/report-missing", { path: { id } });
