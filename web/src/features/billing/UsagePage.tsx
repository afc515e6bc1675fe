/** What was made and spent: by the day, the model, the kind of job and the key that asked for it. */
import { useQuery } from "@tanstack/react-query";

import { getText } from "@/api/csv";
import { getUsageOptions } from "@/api/generated/@tanstack/react-query.gen";
import { ExportCsv } from "@/entities/ExportCsv";
import { PeriodField, usePeriod } from "@/entities/usage/PeriodField";
import { UsageFigures } from "@/entities/usage/UsageFigures";
import { useI18n } from "@/i18n/useI18n";
import { Failed, Loading } from "@/ui/States";

import { BillingFrame } from "./BillingFrame";

export function UsagePage() {
  const { t } = useI18n();
  const { period, span, choose } = usePeriod();
  const { data, isPending, isError, error, refetch } = useQuery({
    ...getUsageOptions({ query: span }),
    placeholderData: (before) => before,
  });
  return (
    <BillingFrame
      title={t("billing.usage")}
      aside={
        <ExportCsv label={t("billing.export")} name="usage" read={() => getText("/api/v1/me/usage", span)} />
      }
    >
      <PeriodField period={period} choose={choose} />
      {isPending && <Loading label={t("usage.loading")} />}
      {isError && !data && <Failed error={error} onRetry={() => void refetch()} />}
      {data && <UsageFigures usage={data} />}
    </BillingFrame>
  );
}
