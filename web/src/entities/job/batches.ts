import type { Job } from "@/api/types";

export interface Batch {
  id: string;
  /** In the order in which they were asked for; never empty. */
  jobs: [Job, ...Job[]];
}

/** Jobs, newest first, gathered into what was asked for at once; the newest batch first. */
export function batchesOf(jobs: Job[]): Batch[] {
  const batches = new Map<string, Batch>();
  for (const job of jobs) {
    const batch = batches.get(job.batch_id);
    if (batch) batch.jobs.push(job);
    else batches.set(job.batch_id, { id: job.batch_id, jobs: [job] });
  }
  // Ids of version 7 sort by the time they were made.
  for (const batch of batches.values()) batch.jobs.sort((a, b) => (a.id < b.id ? -1 : 1));
  return [...batches.values()];
}
