/** Pictures that people report, and those that are hidden: an admin hides them, shows them again, or lets them be. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { EyeOffIcon, FlagIcon } from "lucide-react";
import { useSearchParams } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { LoadMore } from "@/ui/LoadMore";
import { Segmented } from "@/ui/RadioGroup";
import { Empty, Failed, Loading } from "@/ui/States";

import { AdminFrame } from "./AdminFrame";
import { HiddenCard } from "./HiddenCard";
import { hiddenImagesQuery, reportsQuery } from "./queries";
import { ReportedCard } from "./ReportedCard";
import styles from "./ReportsPage.module.css";

const LISTS = ["open", "hidden"] as const;

export function ReportsPage() {
  const { t } = useI18n();
  const [query, setQuery] = useSearchParams();
  const list = query.get("list") === "hidden" ? "hidden" : "open";
  return (
    <AdminFrame
      title={t("admin.reports")}
      aside={
        <Segmented
          label={t("admin.reports_show")}
          value={list}
          options={LISTS.map((value) => ({ value, label: t(`admin.reports_list.${value}`) }))}
          onChange={(next) => setQuery(next === "open" ? {} : { list: next })}
        />
      }
    >
      {list === "open" ? <Reported /> : <Hidden />}
    </AdminFrame>
  );
}

function Reported() {
  const { t } = useI18n();
  const { data, isPending, error, refetch } = useQuery(reportsQuery);
  if (isPending) return <Loading label={t("admin.loading")} />;
  if (!data) return <Failed error={error} onRetry={() => void refetch()} />;
  if (data.items.length === 0)
    return <Empty icon={FlagIcon} title={t("admin.reports_none")} text={t("admin.reports_none_text")} />;
  return (
    <>
      <p className={styles.faint}>{t("admin.reports_count", { n: data.total })}</p>
      <ul className={styles.list} aria-label={t("admin.reports")}>
        {data.items.map((reported) => (
          <li key={reported.image.id}>
            <ReportedCard reported={reported} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Hidden() {
  const { t } = useI18n();
  const list = useInfiniteQuery(hiddenImagesQuery);
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  if (list.isPending) return <Loading label={t("admin.loading")} />;
  if (!list.data) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  if (items.length === 0)
    return <Empty icon={EyeOffIcon} title={t("admin.hidden_none")} text={t("admin.hidden_none_text")} />;
  return (
    <>
      <ul className={styles.list} aria-label={t("admin.reports_list.hidden")}>
        {items.map((hidden) => (
          <li key={hidden.image.id}>
            <HiddenCard hidden={hidden} />
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <LoadMore busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
    </>
  );
}
