/** Where credits came from and went, line by line, each with its reason. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Job, Transaction } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { jobsQuery } from "@/entities/job/queries";
import { ledgerQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { DataTable, type Column } from "@/ui/DataTable";
import { LoadMore } from "@/ui/LoadMore";
import { Empty, Failed, Loading } from "@/ui/States";

import styles from "./CreditsPage.module.css";
import { reasonOf } from "./reasons";

export function Ledger() {
  const { t } = useI18n();
  const { data, isPending, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(ledgerQuery);
  const columns = useColumns();
  const transactions = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);

  if (isPending) return <Loading label={t("billing.loading")} />;
  if (isError && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  if (transactions.length === 0) {
    // Not where the ledger is only late: whoever has a balance was given it.
    const text = data.pages[0]?.balance === 0 ? "billing.empty_none" : "billing.empty_text";
    return <Empty title={t("billing.empty_title")} text={t(text)} />;
  }
  return (
    <section className={styles.section}>
      <DataTable
        caption={t("billing.ledger")}
        columns={columns}
        rows={transactions}
        getKey={({ id }) => id}
      />
      {hasNextPage && <LoadMore busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
    </section>
  );
}

function useColumns(): Column<Transaction>[] {
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
          return (
            <>
              {reasonOf(transaction, job, i18n)}
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
