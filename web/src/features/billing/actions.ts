/** What a person can do about their plan and credits. What is paid for is asked for once a press, however often it has to be sent. */
import { CoinsIcon, CreditCardIcon, GiftIcon, RefreshCwIcon, SparklesIcon, UndoIcon } from "lucide-react";

import {
  beginPackCheckout,
  beginPlanCheckout,
  cancelSubscription,
  changePlan as callChange,
  redeemCode,
  resumeSubscription,
} from "@/api/billing";
import type { CheckoutStarted, PlanChoice, Redeemed, Subscription } from "@/api/billingContract";
import type { RunAction } from "@/entities/action";
import { setSubscription } from "@/entities/subscription/queries";
import { setBalance } from "@/entities/user/cache";
import { userKeys } from "@/entities/user/queries";

export const buyPlan: RunAction<PlanChoice, CheckoutStarted> = {
  label: "billing.to_checkout",
  icon: CreditCardIcon,
  once: ({ plan, billing_cycle }) => `${plan} ${billing_cycle}`,
  run: ({ plan, billing_cycle }, { key }) => beginPlanCheckout({ plan, billing_cycle }, key),
};

export const buyPack: RunAction<string, CheckoutStarted> = {
  label: "billing.buy",
  icon: CoinsIcon,
  once: (pack) => pack,
  run: (pack, { key }) => beginPackCheckout(pack, key),
};

export const changePlan: RunAction<PlanChoice, Subscription> = {
  label: "billing.change_plan",
  icon: SparklesIcon,
  run: async ({ plan, billing_cycle }, { client }) => {
    const after = await callChange({ plan, billing_cycle });
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
  run: async (code, { client }) => {
    const given = await redeemCode(code);
    setBalance(client, given.balance);
    void client.invalidateQueries({ queryKey: userKeys.ledger });
    return given;
  },
};
