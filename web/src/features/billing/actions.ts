/** What a person can do about their plan and credits. */
import { CoinsIcon, CreditCardIcon, GiftIcon, RefreshCwIcon, SparklesIcon, UndoIcon } from "lucide-react";

import {
  cancelSubscription,
  changeSubscription,
  checkOutCredits,
  checkOutSubscription,
  redeemCode,
  resumeSubscription,
} from "@/api/generated";
import type { CheckoutStarted, PlanChoice, Redeemed, Subscription } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { setSubscription } from "@/entities/subscription/queries";
import { setBalance } from "@/entities/user/cache";
import { userKeys } from "@/entities/user/queries";

export const buyPlan: RunAction<PlanChoice, CheckoutStarted> = {
  label: "billing.to_checkout",
  icon: CreditCardIcon,
  once: ({ plan, billing_cycle }) => `${plan} ${billing_cycle}`,
  run: ({ plan, billing_cycle }, { key }) =>
    checkOutSubscription({ body: { plan, billing_cycle }, headers: { "idempotency-key": key } }),
};

export const buyPack: RunAction<string, CheckoutStarted> = {
  label: "billing.buy",
  icon: CoinsIcon,
  once: (pack) => pack,
  run: (pack, { key }) => checkOutCredits({ body: { pack }, headers: { "idempotency-key": key } }),
};

export const changePlan: RunAction<PlanChoice, Subscription> = {
  label: "billing.change_plan",
  icon: SparklesIcon,
  run: async ({ plan, billing_cycle }, { client }) => {
    const after = await changeSubscription({ body: { plan, billing_cycle } });
    setSubscription(client, after);
    return after;
  },
};

export const cancelPlan: RunAction<Subscription, Subscription> = {
  label: "billing.cancel",
  icon: UndoIcon,
  danger: true,
  offered: ({ can }) => can.includes("cancel"),
  run: async (_, { client }) => {
    const after = await cancelSubscription();
    setSubscription(client, after);
    return after;
  },
};

export const resumePlan: RunAction<Subscription, Subscription> = {
  label: "billing.resume",
  icon: RefreshCwIcon,
  offered: ({ can }) => can.includes("resume"),
  run: async (_, { client }) => {
    const after = await resumeSubscription();
    setSubscription(client, after);
    return after;
  },
};

export const redeem: RunAction<string, Redeemed> = {
  label: "billing.redeem",
  icon: GiftIcon,
  once: (code) => code,
  run: async (code, { client, key }) => {
    const given = await redeemCode({ body: { code }, headers: { "idempotency-key": key } });
    setBalance(client, given.balance);
    void client.invalidateQueries({ queryKey: userKeys.ledger });
    return given;
  },
};
