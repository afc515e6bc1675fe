/** Where credits came from and went, line by line, each with its reason; all of it, or some of it, here or as a file. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { getText } from "@/api/csv";
import { ExportCsv } from "@/entities/ExportCsv";
import { ledgerQuery, type StatementFilter } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { cx } from "@/ui/cx";
import { DataTable } from "@/ui/DataTable";
import { TextField } from "@/ui/Field";
import { LoadMore } from "@/ui/LoadMore";
import { Select } from "@/ui/Select";
import { Empty, Failed, Loading } from "@/ui/States";

import styles from "./CreditsPage.module.css";
import { useColumns } from "./statementColumns";
import { TYPES, useStatementFilter } from "./useStatementFilter";

export function Ledger() {
  const { t } = useI18n();
  const { filter, set, isFiltered } = useStatementFilter();
  const { data, isPending, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(ledgerQuery(filter));
  const columns = useColumns();
  const transactions = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);

  if (isPending) return <Loading label={t("billing.loading")} />;
  if (isError && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  if (transactions.length === 0 && !isFiltered) {
    // Not where the ledger is only late: whoever has a balance was given it.
    const text = data.pages[0]?.balance === 0 ? "billing.empty_none" : "billing.empty_text";
    return <Empty title={t("billing.empty_title")} text={t(text)} />;
  }
  return (
    <section className={cx(styles.section, styles.statement)}>
      {/* The caption of the table, which is not there when nothing fits. */}
      <h2>{t("billing.ledger")}</h2>
      <Filters filter={filter} onChange={set} />
      {transactions.length === 0 ? (
        <Empty title={t("billing.nothing_fits")} text={t("billing.nothing_fits_text")} />
      ) : (
        <DataTable
          caption={t("billing.ledger")}
          columns={columns}
          rows={transactions}
          getKey={({ id }) => id}
        />
      )}
      {hasNextPage && <LoadMore busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
    </section>
  );
}

interface FiltersProps {
  filter: StatementFilter;
  onChange: (name: keyof StatementFilter, value: string | null) => void;
}

function Filters({ filter, onChange }: FiltersProps) {
  const { t } = useI18n();
  const { type, from, to } = filter;
  return (
    <search className={styles.filters} aria-label={t("billing.ledger")}>
      <Select
        label={t("billing.what")}
        value={type ?? ""}
        options={[
          { value: "", label: t("billing.all_types") },
          ...TYPES.map((value) => ({ value, label: t(`billing.type.${value}`) })),
        ]}
        onChange={(value) => onChange("type", value)}
      />
      <TextField
        label={t("billing.from")}
        type="date"
        value={from ?? ""}
        max={to}
        onChange={({ target }) => onChange("from", target.value)}
      />
      <TextField
        label={t("billing.to")}
        type="date"
        value={to ?? ""}
        min={from}
        onChange={({ target }) => onChange("to", target.value)}
      />
      <ExportCsv
        label={t("billing.export")}
        name="statement"
        read={() => getText("/api/v1/me/credits", filter)}
      />
    </search>
  );
}
