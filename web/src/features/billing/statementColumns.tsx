/** What a line of the statement says: why, when, how many, and what was left then. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Job, Transaction } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { jobsQuery } from "@/entities/job/queries";
import { useI18n } from "@/i18n/useI18n";
import type { Column } from "@/ui/DataTable";

import styles from "./CreditsPage.module.css";
import { noteOf, reasonOf } from "./reasons";

export function useColumns(): Column<Transaction>[] {
  const i18n = useI18n();
  const jobs = useJobs();
  return useMemo(() => {
    const { t, ago, dateTime, signed, number } = i18n;
    return [
      {
        id: "what",
        header: t("billing.what"),
        cell: (transaction) => {
          const job = transaction.job_id === null ? undefined : jobs.get(transaction.job_id);
          const note = noteOf(transaction, i18n);
          return (
            <>
              {reasonOf(transaction, job, i18n)}
              {note !== null && <span className={styles.words}>{note}</span>}
              {job && (
                <span className={styles.words}>
                  {pictureTitle({ ...job.parameters, job_type: job.job_type }, i18n)}
                </span>
              )}
            </>
          );
        },
      },
      {
        id: "when",
        header: t("billing.when"),
        cell: ({ created_at }) => (
          <time className={styles.when} dateTime={created_at} title={dateTime(created_at)}>
            {ago(created_at)}
          </time>
        ),
      },
      {
        id: "change",
        header: t("billing.change"),
        cell: ({ amount }) => <span data-sign={amount < 0 ? "minus" : "plus"}>{signed(amount)}</span>,
        numeric: true,
      },
      {
        id: "after",
        header: t("billing.after"),
        cell: ({ balance_after }) => number(balance_after),
        numeric: true,
        onlyWide: true,
      },
    ];
  }, [i18n, jobs]);
}

/** The jobs that the page knows already: the newest ones, which a ledger is mostly asked about. */
function useJobs(): ReadonlyMap<string, Job> {
  const { data } = useInfiniteQuery(jobsQuery);
  return useMemo(
    () => new Map(data?.pages.flatMap((page) => page.items.map((job) => [job.id, job] as const))),
    [data],
  );
}
