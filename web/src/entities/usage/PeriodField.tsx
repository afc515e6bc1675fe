/** The last days, as many as are chosen, kept in the address. */
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { Segmented } from "@/ui/RadioGroup";

import { lastDays } from "./usageDays";

const PERIODS = ["7", "30", "90", "365"] as const;

type Period = (typeof PERIODS)[number];

export function usePeriod() {
  const [query, setQuery] = useSearchParams();
  const period = PERIODS.find((days) => days === query.get("days")) ?? "30";
  // The day on which the page was opened: it does not change under whoever reads.
  const [openedAt] = useState(() => Date.now());
  const span = useMemo(() => lastDays(Number(period), openedAt), [period, openedAt]);
  const choose = (days: Period) => setQuery({ days }, { replace: true });
  return { period, span, choose };
}

export function PeriodField({ period, choose }: { period: Period; choose: (period: Period) => void }) {
  const { t } = useI18n();
  return (
    <div>
      <Segmented
        label={t("usage.period")}
        value={period}
        options={PERIODS.map((value) => ({ value, label: t("usage.days", { n: Number(value) }) }))}
        onChange={choose}
      />
    </div>
  );
}
