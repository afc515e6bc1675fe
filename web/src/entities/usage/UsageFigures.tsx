/** What was made and spent in some days: in all, by the day, by model, by kind and by key. */
import { ChartColumnIcon } from "lucide-react";
import { useMemo, type ReactNode } from "react";

import type { Usage } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Empty } from "@/ui/States";

import styles from "./Usage.module.css";
import { UsageChart } from "./UsageChart";
import { barsOf } from "./usageDays";
import { UsageTable } from "./UsageTable";

interface UsageFiguresProps {
  usage: Usage;
  /** Further figures beside the totals. */
  more?: ReactNode;
}

export function UsageFigures({ usage, more }: UsageFiguresProps) {
  const { t, number, duration } = useI18n();
  const { totals } = usage;
  const bars = useMemo(() => barsOf(usage), [usage]);
  if (totals.completed + totals.failed + totals.canceled === 0)
    return <Empty icon={ChartColumnIcon} title={t("usage.no_usage")} text={t("usage.no_usage_text")} />;
  return (
    <>
      <dl className={styles.totals} aria-label={t("usage.totals")}>
        <div>
          <dt>{t("usage.spent")}</dt>
          <dd>{number(totals.credits)}</dd>
        </div>
        <div>
          <dt>{t("usage.completed")}</dt>
          <dd>{number(totals.completed)}</dd>
        </div>
        <div>
          <dt>{t("usage.failed")}</dt>
          <dd>{number(totals.failed)}</dd>
        </div>
        <div>
          <dt>{t("usage.canceled_jobs")}</dt>
          <dd>{number(totals.canceled)}</dd>
        </div>
        <div>
          <dt>{t("usage.computing")}</dt>
          <dd>{totals.gpu_seconds === 0 ? number(0) : duration(totals.gpu_seconds)}</dd>
        </div>
        {more}
      </dl>
      <UsageChart bars={bars} />
      <UsageTable caption="usage.by_model" rows={usage.models} nameOf={({ model }) => model} />
      <UsageTable
        caption="usage.by_kind"
        rows={usage.kinds}
        nameOf={({ job_type }, { find }) => find(`usage.job_type.${job_type}`) ?? job_type}
      />
      {usage.keys.some(({ key_id }) => key_id !== null) && (
        <UsageTable
          caption="usage.by_key"
          rows={usage.keys}
          nameOf={({ key_id, name }, i18n) =>
            key_id === null ? i18n.t("usage.no_key") : (name ?? i18n.t("usage.key_gone"))
          }
        />
      )}
    </>
  );
}
