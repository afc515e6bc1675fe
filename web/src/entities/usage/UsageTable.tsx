import { useMemo } from "react";

import type { UsageFigures } from "@/api/types";
import type { Key, Translator } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";
import { DataTable, type Column } from "@/ui/DataTable";

import styles from "./Usage.module.css";

interface UsageTableProps<Row> {
  caption: Key;
  rows: readonly Row[];
  nameOf: (row: Row, i18n: Translator) => string;
}

/** Figures by one thing, the dearest first. */
export function UsageTable<Row extends UsageFigures>({ caption, rows, nameOf }: UsageTableProps<Row>) {
  const i18n = useI18n();
  const named = useMemo(
    () => rows.map((row, index) => ({ ...row, index, label: nameOf(row, i18n) })),
    [rows, nameOf, i18n],
  );
  const columns = useMemo((): Column<UsageFigures & { label: string }>[] => {
    const { t, number, duration } = i18n;
    return [
      {
        id: "label",
        header: t("usage.what_for"),
        cell: ({ label }) => label,
        sortBy: ({ label }) => label,
      },
      {
        id: "completed",
        header: t("usage.completed"),
        cell: ({ completed }) => number(completed),
        sortBy: ({ completed }) => completed,
        numeric: true,
      },
      {
        id: "failed",
        header: t("usage.failed"),
        cell: ({ failed }) => number(failed),
        sortBy: ({ failed }) => failed,
        numeric: true,
        onlyWide: true,
      },
      {
        id: "computing",
        header: t("usage.computing"),
        cell: ({ gpu_seconds }) => (gpu_seconds === 0 ? number(0) : duration(gpu_seconds)),
        sortBy: ({ gpu_seconds }) => gpu_seconds,
        numeric: true,
        onlyWide: true,
      },
      {
        id: "credits",
        header: t("usage.spent"),
        cell: ({ credits }) => number(credits),
        sortBy: ({ credits }) => credits,
        numeric: true,
      },
    ];
  }, [i18n]);
  if (named.length === 0) return null;
  return (
    <section className={styles.section}>
      <DataTable
        caption={i18n.t(caption)}
        columns={columns}
        rows={named}
        getKey={({ index }) => String(index)}
        sorted={{ id: "credits", desc: true }}
      />
    </section>
  );
}
