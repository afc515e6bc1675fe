import { CheckIcon } from "lucide-react";

import type { BillingCycle, Plan, PlanOption, Subscription } from "@/api/types";
import { ActionButton } from "@/entities/ActionControl";
import { useAction } from "@/entities/useAction";
import type { Translator } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { buyPlan, resumePlan } from "./actions";
import { leaveTo } from "./leave";
import { changeText, isStaying, priceOf, priceText } from "./planText";
import styles from "./PlansPage.module.css";

interface PlanOfferProps {
  plan: Plan;
  cycle: BillingCycle;
  /** undefined: it is not sold, or that is not known yet. */
  option: PlanOption | undefined;
  /** Whether that is known. */
  isKnown: boolean;
  held: Subscription | undefined;
  isSold: boolean;
  /** To another plan, which is asked about first. */
  onChange: (option: PlanOption) => void;
}

/** One plan: what it has, what it costs, and what it would change. */
export function PlanOffer({ plan, cycle, option, isKnown, held, isSold, onChange }: PlanOfferProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const isCurrent = held?.plan.name === plan.name;
  return (
    <li
      className={styles.plan}
      data-current={isCurrent || undefined}
      data-wide={plan.monthly_price === null || undefined}
      aria-label={plan.display_name}
    >
      <div className={styles.name}>
        <h2>{plan.display_name}</h2>
        {isCurrent && <Badge tone="accent">{t("billing.your_plan")}</Badge>}
      </div>
      <Price plan={plan} cycle={cycle} />
      <ul className={styles.facts}>
        {factsOf(plan, i18n).map((fact) => (
          <li key={fact}>
            <CheckIcon size={16} />
            {fact}
          </li>
        ))}
      </ul>
      <p className={styles.change}>{isKnown && changeText(plan, option, held, i18n)}</p>
      {isSold && isCurrent && <Resume held={held} />}
      {isSold && option && <Choose option={option} plan={plan} held={held} onChange={onChange} />}
    </li>
  );
}

function Price({ plan, cycle }: { plan: Plan; cycle: BillingCycle }) {
  const i18n = useI18n();
  const { t, money } = i18n;
  const price = priceOf(plan, cycle);
  if (price === null) return <p className={styles.price}>{t("billing.price.agreed")}</p>;
  const text = priceText(plan, cycle, i18n);
  return (
    <p className={styles.price}>
      {text ?? t("billing.price.free")}
      {cycle === "yearly" && text !== null && (
        <span className={styles.small}>
          {t("billing.price.per_month", { price: money((Number(price) / 12).toFixed(2)) })}
        </span>
      )}
    </p>
  );
}

/** A plan that was canceled, and runs on until its period ends. */
function Resume({ held }: { held: Subscription }) {
  const i18n = useI18n();
  const resuming = useAction(resumePlan, {
    beside: true,
    onDone: () => toast(i18n.t("billing.resumed"), "good"),
  });
  return (
    <>
      <ActionButton
        action={resumePlan}
        thing={held}
        look="primary"
        wide
        busy={resuming.busy}
        onPress={resuming.run}
      />
      {resuming.problem && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, resuming.problem)}
        </p>
      )}
    </>
  );
}

interface ChooseProps {
  option: PlanOption;
  plan: Plan;
  held: Subscription | undefined;
  onChange: (option: PlanOption) => void;
}

function Choose({ option, plan, held, onChange }: ChooseProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const buying = useAction(buyPlan, { beside: true, onDone: ({ checkout_url }) => leaveTo(checkout_url) });
  const { action } = option;
  if (action === "current" || action === "none") return null;
  const choice = isStaying(option, held) ? "stay" : action;
  const label = t(`billing.choose.${choice}`, { name: plan.display_name });
  return (
    <>
      <Button
        look={action === "downgrade" ? "plain" : "primary"}
        wide
        busy={buying.busy}
        onClick={() => (action === "checkout" ? buying.run(option) : onChange(option))}
      >
        {label}
      </Button>
      {buying.problem && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, buying.problem)}
        </p>
      )}
    </>
  );
}

function factsOf(plan: Plan, { t, find, bytes }: Translator): string[] {
  const { credits_per_month, trial_credits, rollover_credits, storage_bytes, max_queues } = plan;
  const features = Object.entries(plan.features).flatMap(([name, has]) =>
    has === true ? (find(`plan.feature.${name}`) ?? name) : [],
  );
  return [
    ...(credits_per_month > 0 ? [t("billing.fact.credits", { n: credits_per_month })] : []),
    ...(trial_credits > 0 ? [t("billing.fact.trial", { n: trial_credits })] : []),
    ...(rollover_credits > 0 ? [t("billing.fact.rollover", { n: rollover_credits })] : []),
    t("billing.fact.storage", { size: bytes(storage_bytes) }),
    t("billing.fact.queues", { n: max_queues }),
    ...features,
  ];
}
