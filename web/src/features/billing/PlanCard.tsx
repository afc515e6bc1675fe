/** The plan that is held: how it stands, what happens next, and what can be done about it. */
import { useQuery } from "@tanstack/react-query";
import { CreditCardIcon } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { getSubscriptionPortal } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { CustomerPages, Subscription } from "@/api/types";
import { ActionButton } from "@/entities/ActionControl";
import { offersQuery, subscriptionQuery } from "@/entities/subscription/queries";
import { useAction } from "@/entities/useAction";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button, buttonClass } from "@/ui/Button";
import { problemText } from "@/ui/problemText";
import { Failed, Skeleton } from "@/ui/States";
import { toast } from "@/ui/toasts";

import { cancelPlan, resumePlan } from "./actions";
import { CancelDialog } from "./CancelDialog";
import { leaveTo } from "./leave";
import styles from "./PlanCard.module.css";
import { priceText, standingLines } from "./planText";

const TONES = { active: "good", trial: "info", past_due: "bad", canceled: "warn" } as const;

export function PlanCard() {
  const { t } = useI18n();
  const { data, isError, error, refetch } = useQuery(subscriptionQuery);
  return (
    <section className={styles.card} aria-label={t("billing.plan")}>
      {data ? (
        <Held subscription={data} />
      ) : isError ? (
        <Failed error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton shape="block" label={t("billing.loading_plan")} />
      )}
    </section>
  );
}

function Held({ subscription }: { subscription: Subscription }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { data: offers } = useQuery(offersQuery);
  const { plan, status, billing_cycle, card } = subscription;
  const nameOf = (name: string) => offers?.items.find((one) => one.name === name)?.display_name ?? name;
  const price = priceText(plan, billing_cycle, i18n);
  return (
    <>
      <div className={styles.head}>
        <h2>{plan.display_name}</h2>
        <Badge tone={TONES[status]}>{t(`billing.standing.${status}`)}</Badge>
        {price !== null && subscription.is_sold && <span className={styles.price}>{price}</span>}
      </div>
      <div className={styles.lines}>
        {standingLines(subscription, nameOf, i18n).map((line) => (
          <p key={line}>{line}</p>
        ))}
        {card !== null && (
          <p className={styles.paidBy}>
            <CreditCardIcon size={16} />
            {t("billing.paid_by", { card })}
          </p>
        )}
      </div>
      <Deeds subscription={subscription} sells={offers?.seller !== null} />
    </>
  );
}

function Deeds({ subscription, sells }: { subscription: Subscription; sells: boolean }) {
  const { t } = useI18n();
  const [asked, setAsked] = useState(false);
  const { can } = subscription;
  const resuming = useAction(resumePlan, { onDone: () => toast(t("billing.resumed"), "good") });
  return (
    <div className={styles.deeds}>
      {sells && (
        <Link to="/credits/plans" className={buttonClass(can.includes("change") ? "plain" : "primary")}>
          {t(can.includes("change") ? "billing.change_plan" : "billing.see_plans")}
        </Link>
      )}
      <ActionButton
        action={resumePlan}
        thing={subscription}
        look="primary"
        busy={resuming.busy}
        onPress={resuming.run}
      />
      {can.includes("portal") && (
        <>
          <ToSeller label={t("billing.change_card")} to={({ change_card }) => change_card} />
          <ToSeller label={t("billing.invoices")} to={({ portal }) => portal} />
        </>
      )}
      {can.includes("cancel") && (
        <Button look="quiet" onClick={() => setAsked(true)}>
          {t(cancelPlan.label)}
        </Button>
      )}
      {asked && <CancelDialog subscription={subscription} onClose={() => setAsked(false)} />}
    </div>
  );
}

/** Asked for when it is pressed: the address lasts for hours only. */
function ToSeller({ label, to }: { label: string; to: (pages: CustomerPages) => string }) {
  const i18n = useI18n();
  const { mutate, isPending } = useSingleMutation({
    mutationFn: () => getSubscriptionPortal(),
    onSuccess: (pages) => leaveTo(to(pages)),
    onError: (error) => toast(problemText(i18n, asProblem(error)), "bad"),
  });
  return (
    <Button busy={isPending} onClick={() => mutate()}>
      {label}
    </Button>
  );
}
