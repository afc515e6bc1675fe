/** What was made and spent: by the day, the model, the kind of job and the key that asked for it. */
import { useQuery } from "@tanstack/react-query";
import { ChartColumnIcon } from "lucide-react";
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";

import { exportUsage, getUsage } from "@/api/billing";
import type { Usage } from "@/api/billingContract";
import { ExportCsv } from "@/entities/ExportCsv";
import { useI18n } from "@/i18n/useI18n";
import { Segmented } from "@/ui/RadioGroup";
import { Empty, Failed, Loading } from "@/ui/States";

import { BillingFrame } from "./BillingFrame";
import styles from "./Usage.module.css";
import { UsageChart } from "./UsageChart";
import { barsOf, lastDays } from "./usageDays";
import { UsageTable } from "./UsageTable";

const PERIODS = ["7", "30", "90", "365"] as const;

export function UsagePage() {
  const { t } = useI18n();
  const [query, setQuery] = useSearchParams();
  const period = PERIODS.find((days) => days === query.get("days")) ?? "30";
  // The day on which the page was opened: it does not change under whoever reads.
  const [openedAt] = useState(() => Date.now());
  const span = useMemo(() => lastDays(Number(period), openedAt), [period, openedAt]);
  const { data, isPending, isError, error, refetch } = useQuery({
    queryKey: [{ _id: "getUsage", ...span }],
    queryFn: ({ signal }) => getUsage(span, signal),
    placeholderData: (before) => before,
  });
  return (
    <BillingFrame
      title={t("billing.usage")}
      aside={<ExportCsv label={t("billing.export")} name="usage" read={() => exportUsage(span)} />}
    >
      <div>
        <Segmented
          label={t("billing.period")}
          value={period}
          options={PERIODS.map((value) => ({ value, label: t("billing.days", { n: Number(value) }) }))}
          onChange={(days) => setQuery({ days }, { replace: true })}
        />
      </div>
      {isPending && <Loading label={t("billing.loading_usage")} />}
      {isError && !data && <Failed error={error} onRetry={() => void refetch()} />}
      {data && <Figures usage={data} />}
    </BillingFrame>
  );
}

function Figures({ usage }: { usage: Usage }) {
  const { t, number, duration } = useI18n();
  const { totals } = usage;
  const bars = useMemo(() => barsOf(usage), [usage]);
  if (totals.completed + totals.failed + totals.canceled === 0)
    return <Empty icon={ChartColumnIcon} title={t("billing.no_usage")} text={t("billing.no_usage_text")} />;
  return (
    <>
      <dl className={styles.totals} aria-label={t("billing.totals")}>
        <div>
          <dt>{t("billing.spent")}</dt>
          <dd>{number(totals.credits)}</dd>
        </div>
        <div>
          <dt>{t("billing.completed")}</dt>
          <dd>{number(totals.completed)}</dd>
        </div>
        <div>
          <dt>{t("billing.failed")}</dt>
          <dd>{number(totals.failed)}</dd>
        </div>
        <div>
          <dt>{t("billing.canceled_jobs")}</dt>
          <dd>{number(totals.canceled)}</dd>
        </div>
        <div>
          <dt>{t("billing.computing")}</dt>
          <dd>{totals.gpu_seconds === 0 ? number(0) : duration(totals.gpu_seconds)}</dd>
        </div>
      </dl>
      <UsageChart bars={bars} />
      <UsageTable caption="billing.by_model" rows={usage.models} nameOf={({ model }) => model} />
      <UsageTable
        caption="billing.by_kind"
        rows={usage.kinds}
        nameOf={({ job_type }, { find }) => find(`billing.job_type.${job_type}`) ?? job_type}
      />
      {usage.keys.some(({ key_id }) => key_id !== null) && (
        <UsageTable
          caption="billing.by_key"
          rows={usage.keys}
          nameOf={({ key_id, name }, i18n) =>
            key_id === null ? i18n.t("billing.no_key") : (name ?? i18n.t("billing.key_gone"))
          }
        />
      )}
    </>
  );
}
