import { useSearchParams } from "react-router";

import type { StatementFilter } from "@/entities/user/queries";

export const TYPES = ["grant", "consume", "refund", "expire", "bonus"] as const;

/** What of the statement is shown, kept in the address: a reload, a link and going back keep it. */
export function useStatementFilter() {
  const [query, setQuery] = useSearchParams();
  const filter = soundFilter(query);
  const set = (name: keyof StatementFilter, value: string | null) =>
    setQuery(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true, preventScrollReset: true },
    );
  return { filter, set, isFiltered: Object.values(filter).some((value) => value !== undefined) };
}

/** An address may say anything. */
export function soundFilter(query: URLSearchParams): StatementFilter {
  return {
    type: TYPES.find((one) => one === query.get("type")),
    from: soundDay(query.get("from")),
    to: soundDay(query.get("to")),
  };
}

function soundDay(day: string | null): string | undefined {
  return day !== null && /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day)) ? day : undefined;
}
