/** What is set aside right now, and for what. Not there while nothing is. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Job } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { isOver } from "@/entities/job/progress";
import { jobsQuery } from "@/entities/job/queries";
import { statusText } from "@/entities/job/statusText";
import { useI18n } from "@/i18n/useI18n";
import { DataTable, type Column } from "@/ui/DataTable";

import styles from "./CreditsPage.module.css";

export function Held() {
  const i18n = useI18n();
  const { data } = useInfiniteQuery(jobsQuery);
  const jobs = data?.pages.flatMap((page) => page.items.filter((job) => !isOver(job))) ?? [];
  const columns = useMemo((): Column<Job>[] => {
    const { t, number } = i18n;
    return [
      {
        id: "job",
        header: t("billing.job"),
        cell: ({ parameters, job_type }) => (
          <span className={styles.line}>{pictureTitle({ ...parameters, job_type }, i18n)}</span>
        ),
      },
      { id: "status", header: t("billing.status"), cell: (job) => statusText(job, i18n), onlyWide: true },
      {
        id: "held",
        header: t("billing.held_amount"),
        cell: ({ estimated_credits }) => number(estimated_credits),
        numeric: true,
      },
    ];
  }, [i18n]);
  if (jobs.length === 0) return null;
  return (
    <section className={styles.section}>
      <DataTable caption={i18n.t("billing.held")} columns={columns} rows={jobs} getKey={({ id }) => id} />
      <p className={styles.note}>{i18n.t("billing.held_text")}</p>
    </section>
  );
}
