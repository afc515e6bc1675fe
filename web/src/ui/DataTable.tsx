/** Rows and columns, which a person can sort by where a column says so. */
import {
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { ArrowDownIcon, ArrowUpIcon, ChevronsUpDownIcon } from "lucide-react";
import { useMemo, type ReactNode } from "react";

import { cx } from "./cx";
import styles from "./DataTable.module.css";

export interface Column<T> {
  id: string;
  header: string;
  cell: (row: T) => ReactNode;
  /** By what it is sorted; without it, it is not. */
  sortBy?: (row: T) => string | number;
  numeric?: boolean;
  /** What a phone has no room for. */
  onlyWide?: boolean;
}

interface DataTableProps<T extends object> {
  caption: string;
  /** Keep them outside of the component or in a memo: another list is another table. */
  columns: readonly Column<T>[];
  rows: readonly T[];
  getKey: (row: T) => string;
  density?: "comfortable" | "compact";
  /** How it is sorted at first. */
  sorted?: { id: string; desc: boolean };
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric },
});

export function DataTable<T extends object>(props: DataTableProps<T>) {
  const { caption, columns, rows, getKey, density, sorted } = props;
  const definitions = useMemo(
    () =>
      columns.map((column) => ({
        id: column.id,
        accessorFn: (row: T) => column.sortBy?.(row) ?? "",
        enableSorting: column.sortBy !== undefined,
      })),
    [columns],
  );
  const byId = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns]);
  const table = useTable({
    features,
    data: rows,
    columns: definitions,
    getRowId: getKey,
    enableSortingRemoval: false,
    initialState: { sorting: sorted ? [sorted] : [] },
  });

  return (
    <table className={styles.table} data-density={density}>
      <caption>{caption}</caption>
      <thead>
        {table.getHeaderGroups().map((group) => (
          <tr key={group.id}>
            {group.headers.map((header) => {
              const column = byId.get(header.column.id);
              const direction = header.column.getIsSorted();
              return (
                <th
                  key={header.id}
                  scope="col"
                  className={classOf(column)}
                  aria-sort={direction ? (direction === "asc" ? "ascending" : "descending") : undefined}
                >
                  {header.column.getCanSort() ? (
                    <button
                      type="button"
                      className={styles.sort}
                      onClick={header.column.getToggleSortingHandler()}
                    >
                      {column?.header}
                      <SortIcon direction={direction} />
                    </button>
                  ) : (
                    column?.header
                  )}
                </th>
              );
            })}
          </tr>
        ))}
      </thead>
      <tbody>
        {table.getRowModel().rows.map((row) => (
          <tr key={row.id}>
            {columns.map((column) => (
              <td key={column.id} className={classOf(column)}>
                {column.cell(row.original)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function SortIcon({ direction }: { direction: false | "asc" | "desc" }) {
  if (direction === "asc") return <ArrowUpIcon size={14} />;
  if (direction === "desc") return <ArrowDownIcon size={14} />;
  return <ChevronsUpDownIcon size={14} className={styles.unsorted} />;
}

function classOf<T>(column: Column<T> | undefined): string {
  return cx(column?.numeric && styles.numeric, column?.onlyWide && styles.onlyWide);
}
