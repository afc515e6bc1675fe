/** The jobs that have not ended, wherever one is on the page. */
import { useInfiniteQuery } from "@tanstack/react-query";

import type { Job } from "@/api/types";
import { useConnected } from "@/realtime/hooks";

import { isOver } from "./progress";
import { runningJobsQuery } from "./queries";

/** Events say what changes; this is for what they missed. Only while something runs. */
const POLL_MS = { connected: 15_000, alone: 3_000 };

export function useRunningJobs() {
  const connected = useConnected();
  const list = useInfiniteQuery({
    ...runningJobsQuery,
    refetchInterval: ({ state }) => {
      const active = state.data?.pages.some((page) => page.items.some((job) => !isOver(job)));
      return active ? (connected ? POLL_MS.connected : POLL_MS.alone) : false;
    },
  });
  const jobs = (list.data?.pages.flatMap((page) => page.items) ?? []).filter((job) => !isOver(job));
  return { ...list, jobs: jobs.sort(sooner) };
}

/** What runs first, then what waits, in the order of the line. */
function sooner(a: Job, b: Job): number {
  return rank(a) - rank(b) || (a.position ?? Infinity) - (b.position ?? Infinity) || (a.id < b.id ? -1 : 1);
}

function rank({ status }: Job): number {
  return status === "processing" ? 0 : status === "queued" ? 1 : 2;
}
