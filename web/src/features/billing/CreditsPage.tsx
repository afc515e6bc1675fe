import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import type { Transaction } from "@/api/types";
import { ledgerQuery, meQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { LoadMore } from "@/ui/LoadMore";
import { Empty, Failed, Loading } from "@/ui/States";

import styles from "./CreditsPage.module.css";

export function CreditsPage() {
  const { t } = useI18n();
  return (
    <div className={styles.page}>
      <h1>{t("billing.title")}</h1>
      <Summary />
      <Ledger />
    </div>
  );
}

function Summary() {
  const { t, number, bytes } = useI18n();
  const { data } = useQuery(meQuery);
  if (!data) return null;
  const { credits, plan, storage } = data;
  return (
    <dl className={styles.summary}>
      <div className={styles.main}>
        <dt>{t("billing.available")}</dt>
        <dd>{number(credits.balance)}</dd>
      </div>
      <div>
        <dt>{t("billing.held")}</dt>
        <dd>{number(credits.held)}</dd>
      </div>
      <div>
        <dt>{t("billing.plan")}</dt>
        <dd>{plan.display_name}</dd>
      </div>
      <div>
        <dt>{t("billing.storage")}</dt>
        <dd>
          {t("billing.storage_of", { used: bytes(storage.used_bytes), quota: bytes(storage.quota_bytes) })}
        </dd>
      </div>
    </dl>
  );
}

function Ledger() {
  const { t } = useI18n();
  const { data, isPending, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(ledgerQuery);

  if (isPending) return <Loading label={t("billing.loading")} />;
  if (isError && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  const transactions = data.pages.flatMap((page) => page.items);
  if (transactions.length === 0) {
    // Not where the ledger is only late: whoever has a balance was given it.
    const text = data.pages[0]?.balance === 0 ? "billing.empty_none" : "billing.empty_text";
    return <Empty title={t("billing.empty_title")} text={t(text)} />;
  }
  return (
    <>
      <table className={styles.ledger}>
        <caption>{t("billing.ledger")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("billing.what")}</th>
            <th scope="col">{t("billing.when")}</th>
            <th scope="col" className={styles.number}>
              {t("billing.change")}
            </th>
            <th scope="col" className={styles.number}>
              {t("billing.after")}
            </th>
          </tr>
        </thead>
        <tbody>
          {transactions.map((transaction) => (
            <Row key={transaction.id} transaction={transaction} />
          ))}
        </tbody>
      </table>
      {hasNextPage && <LoadMore busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
    </>
  );
}

function Row({ transaction }: { transaction: Transaction }) {
  const { t, ago, dateTime, signed, number } = useI18n();
  const { transaction_type, amount, balance_after, created_at } = transaction;
  return (
    <tr>
      <td>{t(`billing.type.${transaction_type}`)}</td>
      <td className={styles.when}>
        <time dateTime={created_at} title={dateTime(created_at)}>
          {ago(created_at)}
        </time>
      </td>
      <td className={styles.number} data-sign={amount < 0 ? "minus" : "plus"}>
        {signed(amount)}
      </td>
      <td className={styles.number}>{number(balance_after)}</td>
    </tr>
  );
}
