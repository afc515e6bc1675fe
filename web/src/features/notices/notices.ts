/** What happened while one was elsewhere. Kept for the visit: whoever comes back finds the same facts in the lists. */
import type { Job } from "@/api/types";

export interface Notice {
  id: string;
  /** When it came, in milliseconds. */
  at: number;
  what:
    | { kind: "ready" | "failed"; jobs: readonly Job[] }
    | { kind: "credits"; reason: string; change: number }
    | { kind: "low"; balance: number };
}

/** So many are kept; whoever was away for longer looks into the gallery. */
const KEPT = 50;

/** With a job that ended: beside those of its batch that ended the same way. */
export function withJob(notices: readonly Notice[], job: Job, at: number): Notice[] {
  const kind = job.status === "completed" ? "ready" : "failed";
  const id = `${kind} ${job.batch_id}`;
  const before = notices.find((notice) => notice.id === id)?.what;
  const together = before && "jobs" in before ? before.jobs : [];
  if (together.some(({ id: known }) => known === job.id)) return [...notices];
  return newest({ id, at, what: { kind, jobs: [...together, job] } }, notices);
}

export function withCredits(
  notices: readonly Notice[],
  reason: string,
  change: number,
  at: number,
): Notice[] {
  return newest({ id: `credits ${reason} ${at}`, at, what: { kind: "credits", reason, change } }, notices);
}

export function withLowCredits(notices: readonly Notice[], balance: number, at: number): Notice[] {
  return newest({ id: "low", at, what: { kind: "low", balance } }, notices);
}

function newest(first: Notice, notices: readonly Notice[]): Notice[] {
  return [first, ...notices.filter(({ id }) => id !== first.id)].slice(0, KEPT);
}
