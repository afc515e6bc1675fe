/** What the balance consists of: each time that credits were given, what is left of it, and when that expires. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Grant } from "@/api/types";
import { ledgerQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { DataTable, type Column } from "@/ui/DataTable";

import styles from "./CreditsPage.module.css";

export function Grants() {
  const i18n = useI18n();
  // The first page of the ledger brings them along.
  const { data } = useInfiniteQuery(ledgerQuery());
  const columns = useMemo((): Column<Grant>[] => {
    const { t, number, date, dateTime } = i18n;
    return [
      { id: "kind", header: t("billing.given_as"), cell: ({ kind }) => t(`billing.kind.${kind}`) },
      {
        id: "expires",
        header: t("billing.expires"),
        cell: ({ expires_at }) =>
          expires_at === null ? (
            t("billing.never")
          ) : (
            <time className={styles.when} dateTime={expires_at} title={dateTime(expires_at)}>
              {date(expires_at)}
            </time>
          ),
      },
      { id: "left", header: t("billing.left"), cell: ({ remaining }) => number(remaining), numeric: true },
      {
        id: "of",
        header: t("billing.given"),
        cell: ({ amount }) => number(amount),
        numeric: true,
        onlyWide: true,
      },
    ];
  }, [i18n]);
  const grants = data?.pages[0]?.grants ?? [];
  if (grants.length === 0) return null;
  return (
    <section className={styles.section}>
      <DataTable caption={i18n.t("billing.grants")} columns={columns} rows={grants} getKey={({ id }) => id} />
      <p className={styles.note}>{i18n.t("billing.grants_text")}</p>
    </section>
  );
}
