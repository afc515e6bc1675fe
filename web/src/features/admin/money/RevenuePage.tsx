/** What came in, was given, spent and expired, by the month, and what is owed in credits. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { getText } from "@/api/csv";
import type { RevenueMonth } from "@/api/types";
import { ExportCsv } from "@/entities/ExportCsv";
import { SandboxLine } from "@/entities/subscription/SandboxLine";
import { useI18n } from "@/i18n/useI18n";
import { DataTable, type Column } from "@/ui/DataTable";
import { TextField } from "@/ui/Field";
import { Failed, Loading } from "@/ui/States";

import { AdminFrame } from "../AdminFrame";
import { useFilters } from "../useFilters";
import styles from "./Money.module.css";
import { revenueQuery } from "./queries";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function RevenuePage() {
  const { t } = useI18n();
  const { filters, set } = useFilters(["from", "to"]);
  const { from, to } = filters;
  const span = { from: sound(from), to: sound(to) };
  return (
    <AdminFrame
      title={t("admin.revenue")}
      aside={
        <ExportCsv
          label={t("admin.export")}
          name="revenue"
          read={() => getText("/api/v1/admin/revenue", span)}
        />
      }
    >
      <SandboxLine />
      <search className={styles.filters}>
        <TextField
          label={t("admin.from")}
          type="date"
          value={from ?? ""}
          max={to}
          onChange={({ target }) => set("from", target.value)}
        />
        <TextField
          label={t("admin.to")}
          type="date"
          value={to ?? ""}
          min={from}
          onChange={({ target }) => set("to", target.value)}
        />
      </search>
      <Months span={span} />
    </AdminFrame>
  );
}

/** An address may say anything. */
function sound(day: string | undefined): string | undefined {
  return day !== undefined && DAY.test(day) ? day : undefined;
}

function Months({ span }: { span: { from?: string; to?: string } }) {
  const { t, number } = useI18n();
  const columns = useColumns();
  const { data, isPending, isError, error, refetch } = useQuery(revenueQuery(span));
  if (isPending) return <Loading label={t("admin.loading")} />;
  if (isError) return <Failed error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <dl className={styles.card}>
        <dt className={styles.faint}>{t("admin.outstanding")}</dt>
        <dd className={styles.figure}>{number(data.outstanding)}</dd>
      </dl>
      {/* It scrolls by itself on a phone, where keys are to reach it too. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <section className={styles.wide} tabIndex={0} aria-label={t("admin.by_month")}>
        <DataTable
          caption={t("admin.by_month")}
          columns={columns}
          rows={data.months}
          getKey={({ month }) => month}
        />
      </section>
    </>
  );
}

function useColumns(): Column<RevenueMonth>[] {
  const { t, number, money, month, duration } = useI18n();
  return useMemo(
    () => [
      { id: "month", header: t("admin.month"), cell: (row) => month(row.month) },
      { id: "revenue", header: t("admin.took_in"), cell: (row) => money(row.revenue_usd), numeric: true },
      { id: "refunded", header: t("admin.refunded"), cell: (row) => money(row.refunded_usd), numeric: true },
      { id: "granted", header: t("admin.credits_given"), cell: (row) => number(row.granted), numeric: true },
      { id: "spent", header: t("admin.credits_spent"), cell: (row) => number(row.spent), numeric: true },
      {
        id: "expired",
        header: t("admin.credits_expired"),
        cell: (row) => number(row.expired),
        numeric: true,
      },
      {
        id: "gpu",
        header: t("admin.gpu_time"),
        cell: (row) => (row.gpu_seconds === 0 ? number(0) : duration(row.gpu_seconds)),
        numeric: true,
      },
      {
        id: "cost",
        header: t("admin.gpu_cost"),
        cell: ({ gpu_cost_usd: cost = null }) => (cost === null ? t("admin.never") : money(cost)),
        numeric: true,
      },
    ],
    [t, number, money, month, duration],
  );
}
