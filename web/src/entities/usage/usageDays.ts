/** Usage by the day as bars: a day without a row has one of nothing, and many days are put together by the week. */
import type { Usage } from "@/api/types";

const DAY_MS = 24 * 3600 * 1000;
/** More bars than these are too thin to be told apart. */
const MOST_BARS = 62;

/** Both days are within it. */
export interface DaySpan {
  from: string;
  to: string;
}

export interface UsageBar {
  /** Its first day: "2026-03-01". */
  from: string;
  /** Its last one. */
  to: string;
  credits: number;
}

export function barsOf({ from, to, days }: Pick<Usage, "from" | "to" | "days">): UsageBar[] {
  const spent = new Map(days.map(({ day, credits }) => [day, credits]));
  const first = Date.parse(from);
  const count = Math.round((Date.parse(to) - first) / DAY_MS) + 1;
  const each = count > MOST_BARS ? 7 : 1;
  return Array.from({ length: Math.ceil(count / each) }, (_, bar) => {
    const start = bar * each;
    const within = Array.from({ length: Math.min(each, count - start) }, (__, day) =>
      dayOf(first + (start + day) * DAY_MS),
    );
    const credits = within.reduce((sum, day) => sum + (spent.get(day) ?? 0), 0);
    return { from: within[0] ?? from, to: within.at(-1) ?? to, credits };
  });
}

/** The last so many days, today among them, as the studio counts them (UTC). */
export function lastDays(count: number, now: number): DaySpan {
  return { from: dayOf(now - (count - 1) * DAY_MS), to: dayOf(now) };
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
