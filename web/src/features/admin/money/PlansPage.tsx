/** Every plan, on sale or not, with all that decides, and how many hold it. */
import { useQuery } from "@tanstack/react-query";
import { PencilIcon } from "lucide-react";
import { useState } from "react";

import type { AdminPlan } from "@/api/types";
import type { Translator } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Failed, Loading } from "@/ui/States";

import { AdminFrame } from "../AdminFrame";
import styles from "./Money.module.css";
import { PlanDialog } from "./PlanDialog";
import { plansQuery } from "./queries";

export function PlansPage() {
  const { t } = useI18n();
  const { data, isPending, isError, error, refetch } = useQuery(plansQuery);
  const [edited, setEdited] = useState<AdminPlan | null>(null);
  return (
    <AdminFrame title={t("admin.plans")}>
      <p className={styles.soft}>{t("admin.plans_text")}</p>
      {isPending && <Loading label={t("admin.loading")} />}
      {isError && !data && <Failed error={error} onRetry={() => void refetch()} />}
      <ul className={styles.cards} aria-label={t("admin.plans")}>
        {data?.items.map((plan) => (
          <Plan key={plan.name} plan={plan} onEdit={() => setEdited(plan)} />
        ))}
      </ul>
      {edited && <PlanDialog plan={edited} onClose={() => setEdited(null)} />}
    </AdminFrame>
  );
}

function Plan({ plan, onEdit }: { plan: AdminPlan; onEdit: () => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  return (
    <li className={styles.card} aria-label={plan.display_name}>
      <div className={styles.head}>
        <h2>{plan.display_name}</h2>
        <Badge>{t("admin.holders", { n: plan.holders ?? 0 })}</Badge>
        {!plan.is_active && <Badge tone="warn">{t("admin.not_on_sale")}</Badge>}
        <Button
          small
          className={styles.last}
          aria-label={t("admin.edit_plan", { name: plan.display_name })}
          onClick={onEdit}
        >
          <PencilIcon size={16} />
          {t("admin.edit")}
        </Button>
      </div>
      <dl className={styles.facts}>
        {factsOf(plan, i18n).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

function factsOf(plan: AdminPlan, { t, find, number, money, bytes }: Translator): [string, string][] {
  const price = (value: string | null) => (value === null ? t("admin.by_agreement") : money(value));
  const pace = (value: number | null) => (value === null ? t("admin.no_limit") : number(value));
  const features = Object.entries(plan.features).flatMap(([name, has]) =>
    has === true ? (find(`plan.feature.${name}`) ?? name) : [],
  );
  return [
    [t("admin.plan_field.monthly_price"), price(plan.monthly_price)],
    [t("admin.plan_field.yearly_price"), price(plan.yearly_price)],
    [t("admin.plan_field.credits_per_month"), number(plan.credits_per_month)],
    [t("admin.plan_field.rollover_credits"), number(plan.rollover_credits)],
    [t("admin.plan_field.trial_credits"), number(plan.trial_credits)],
    [t("admin.storage"), bytes(plan.storage_bytes)],
    [t("admin.plan_field.max_queues"), number(plan.max_queues)],
    [t("admin.plan_field.max_open_jobs"), number(plan.max_open_jobs)],
    [t("admin.plan_field.queue_weight"), number(plan.queue_weight)],
    [t("admin.plan_field.requests_per_minute"), pace(plan.requests_per_minute)],
    [t("admin.plan_field.generations_per_minute"), pace(plan.generations_per_minute)],
    [t("admin.features"), features.length === 0 ? t("admin.none") : features.join(", ")],
  ];
}
