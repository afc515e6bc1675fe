/** Every plan on sale, by the month or the year, and what each would change for this person. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { BillingCycle, Offers, Plan, PlanOption, Subscription } from "@/api/types";
import { offersQuery, planOptionsQuery, subscriptionQuery } from "@/entities/subscription/queries";
import { useI18n } from "@/i18n/useI18n";
import { Segmented } from "@/ui/RadioGroup";
import { Failed, Loading } from "@/ui/States";

import { BillingFrame } from "./BillingFrame";
import { ChangeDialog } from "./ChangeDialog";
import { Packs } from "./Packs";
import { PlanOffer } from "./PlanOffer";
import styles from "./PlansPage.module.css";

export function PlansPage() {
  const { t } = useI18n();
  const { data: offers, isError, error, refetch } = useQuery(offersQuery);
  const { data: held } = useQuery(subscriptionQuery);
  // Until something is chosen: as it is paid now.
  const [chosen, setChosen] = useState<BillingCycle | null>(null);
  const cycle = chosen ?? held?.billing_cycle ?? "monthly";
  return (
    <BillingFrame
      title={t("billing.plans")}
      aside={
        <Segmented
          label={t("billing.cycle")}
          value={cycle}
          options={[
            { value: "monthly", label: t("billing.monthly") },
            { value: "yearly", label: t("billing.yearly") },
          ]}
          onChange={setChosen}
        />
      }
    >
      {offers?.seller === null && <p className={styles.note}>{t("billing.nothing_sold")}</p>}
      {offers ? (
        <Plans offers={offers} cycle={cycle} held={held} />
      ) : isError ? (
        <Failed error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading label={t("billing.loading_plans")} />
      )}
      <Packs />
    </BillingFrame>
  );
}

interface PlansProps {
  offers: Offers;
  cycle: BillingCycle;
  held: Subscription | undefined;
}

function Plans({ offers, cycle, held }: PlansProps) {
  const { t } = useI18n();
  const { data, isError, error, refetch } = useQuery(planOptionsQuery);
  const [asked, setAsked] = useState<{ plan: Plan; option: PlanOption } | null>(null);
  const optionOf = (plan: Plan) =>
    data?.items.find((option) => option.plan === plan.name && option.billing_cycle === cycle);
  return (
    <>
      {/* What a plan is stands there all the same; what it would change does not. */}
      {isError && !data && <Failed error={error} onRetry={() => void refetch()} />}
      <ul className={styles.plans} aria-label={t("billing.plans")}>
        {offers.items.map((plan) => (
          <PlanOffer
            key={plan.name}
            plan={plan}
            cycle={cycle}
            option={optionOf(plan)}
            isKnown={data !== undefined}
            held={held}
            isSold={offers.seller !== null}
            onChange={(option) => setAsked({ plan, option })}
          />
        ))}
      </ul>
      {asked && <ChangeDialog {...asked} held={held} onClose={() => setAsked(null)} />}
    </>
  );
}
