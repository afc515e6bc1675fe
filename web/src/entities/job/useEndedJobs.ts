/** Tells of each job that ends, however it became known: by an event, or by a list that was read again after a gap. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import type { Job } from "@/api/types";

import { isOver } from "./progress";
import { jobQuery, jobsQuery, runningJobsQuery } from "./queries";

export function useEndedJobs(onEnded: (job: Job) => void): void {
  const client = useQueryClient();
  const all = useInfiniteQuery(jobsQuery).data;
  const running = useInfiniteQuery(runningJobsQuery).data;
  const known = useRef(new Set<string>());
  const latest = useRef(onEnded);
  useEffect(() => {
    latest.current = onEnded;
  });

  useEffect(() => {
    if (!all || !running) return;
    const jobs = new Map<string, Job>();
    for (const job of [...all.pages, ...running.pages].flatMap((page) => page.items)) {
      // One list may know already what the other does not.
      if (isOver(job) || !jobs.has(job.id)) jobs.set(job.id, job);
    }
    for (const id of known.current) {
      const job = jobs.get(id);
      if (job && !isOver(job)) continue;
      known.current.delete(id);
      if (job) latest.current(job);
      else {
        // It left the list of those that run and stands too far down the list of all.
        client.query({ ...jobQuery(id), staleTime: 0 }).then(
          (read) => isOver(read) && latest.current(read),
          () => undefined,
        );
      }
    }
    for (const job of jobs.values()) if (!isOver(job)) known.current.add(job.id);
  }, [all, running, client]);
}
