import { useQuery } from "@tanstack/react-query";
import { DownloadIcon } from "lucide-react";

import { askForExport, type ExportOut } from "@/api/generated";
import { getExportOptions } from "@/api/generated/@tanstack/react-query.gen";
import { asProblem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";
import { Button, buttonClass } from "@/ui/Button";
import { problemText } from "@/ui/problemText";
import { Failed, Loading } from "@/ui/States";

import { ProblemLine, Section } from "./Section";
import styles from "./settings.module.css";
import { useChange } from "./useChange";

const LOOK_AGAIN_MS = 3_000;
/** The address of the file lasts for a short while only. */
const FRESH_ADDRESS_MS = 4 * 60_000;

const exportQuery = {
  ...getExportOptions(),
  refetchInterval: ({ state }: { state: { data?: ExportOut } }) =>
    state.data?.status === "waiting" ? LOOK_AGAIN_MS : state.data?.url ? FRESH_ADDRESS_MS : false,
};

export function ExportSection() {
  const i18n = useI18n();
  const { t } = i18n;
  const { data, error, refetch } = useQuery(exportQuery);
  const none = error !== null && asProblem(error).status === 404;
  const asking = useChange(() => askForExport(), { beside: true, changes: [exportQuery.queryKey] });
  const current = none ? undefined : data;
  return (
    <Section title={t("settings.export")} text={t("settings.export_text")}>
      {error && !none && !data && <Failed error={error} onRetry={() => void refetch()} />}
      {current && <State found={current} />}
      {asking.error && <ProblemLine>{problemText(i18n, asProblem(asking.error))}</ProblemLine>}
      {current?.status !== "waiting" && (
        <div className={styles.actions}>
          {current?.url && (
            <a href={current.url} download className={buttonClass("primary")}>
              <DownloadIcon size={18} />
              {t("settings.export_fetch")}
            </a>
          )}
          <Button busy={asking.isPending} onClick={() => asking.mutate()}>
            {t(current ? "settings.export_again" : "settings.export_ask")}
          </Button>
        </div>
      )}
    </Section>
  );
}

function State({ found }: { found: ExportOut }) {
  const { t, dateTime, bytes } = useI18n();
  const { status, ready_at, expires_at, file_size, url } = found;
  if (status === "waiting") return <Loading label={t("settings.export_waiting")} />;
  if (status === "failed") return <ProblemLine>{t("settings.export_failed")}</ProblemLine>;
  if (!url || !ready_at) return <p className={styles.note}>{t("settings.export_over")}</p>;
  return (
    <p>
      {t("settings.export_ready", {
        when: dateTime(ready_at),
        size: bytes(file_size ?? 0),
        until: expires_at ? dateTime(expires_at) : "",
      })}
    </p>
  );
}
