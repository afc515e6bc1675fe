/** Changes to the jobs that the query cache holds, for events and for what was just submitted. */
import type { QueryClient } from "@tanstack/react-query";

import { mapItems, type Pages } from "@/api/pages";
import type { Job, JobPage } from "@/api/types";

import { jobKeys } from "./queries";

/** Changes one job wherever it is listed. False when it is listed nowhere. */
export function patchJob(client: QueryClient, id: string, change: (job: Job) => Job): boolean {
  let found = false;
  client.setQueriesData<Pages<JobPage>>({ queryKey: jobKeys.lists }, (data) => {
    if (!data?.pages.some((page) => page.items.some((job) => job.id === id))) return data;
    found = true;
    return mapItems(data, (job) => (job.id === id ? change(job) : job));
  });
  return found;
}

/** Puts jobs just submitted in front, unless a poll has brought them already. */
export function addJobs(client: QueryClient, jobs: Job[]): void {
  for (const queryKey of [jobKeys.jobs, jobKeys.running]) {
    client.setQueryData<Pages<JobPage>>(queryKey, (data) => {
      const first = data?.pages[0];
      if (!data || !first) return data;
      const known = new Set(data.pages.flatMap((page) => page.items).map((job) => job.id));
      const fresh = jobs.filter((job) => !known.has(job.id)).reverse();
      return { ...data, pages: [{ ...first, items: [...fresh, ...first.items] }, ...data.pages.slice(1)] };
    });
  }
}
