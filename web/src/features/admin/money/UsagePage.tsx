/** What everybody made and spent, and what the machines cost where somebody has told what a second costs. */
import { useQuery } from "@tanstack/react-query";

import { getText } from "@/api/csv";
import { ExportCsv } from "@/entities/ExportCsv";
import { PeriodField, usePeriod } from "@/entities/usage/PeriodField";
import { UsageFigures } from "@/entities/usage/UsageFigures";
import { useI18n } from "@/i18n/useI18n";
import { Failed, Loading } from "@/ui/States";

import { AdminFrame } from "../AdminFrame";
import { usageQuery } from "./queries";

export function UsagePage() {
  const { t, money } = useI18n();
  const { period, span, choose } = usePeriod();
  const { data, isPending, isError, error, refetch } = useQuery(usageQuery(span));
  return (
    <AdminFrame
      title={t("admin.usage")}
      aside={
        <ExportCsv
          label={t("admin.export")}
          name="usage-of-all"
          read={() => getText("/api/v1/admin/usage", span)}
        />
      }
    >
      <PeriodField period={period} choose={choose} />
      {isPending && <Loading label={t("usage.loading")} />}
      {isError && !data && <Failed error={error} onRetry={() => void refetch()} />}
      {data && <UsageFigures usage={data} more={<Cost dollars={data.gpu_cost_usd} format={money} />} />}
    </AdminFrame>
  );
}

/** Not there where nobody has told it. */
function Cost({ dollars, format }: { dollars: string | null; format: (dollars: string) => string }) {
  const { t } = useI18n();
  if (dollars === null) return null;
  return (
    <div>
      <dt>{t("admin.gpu_cost")}</dt>
      <dd>{format(dollars)}</dd>
    </div>
  );
}
