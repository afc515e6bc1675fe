import type { QueryClient } from "@tanstack/react-query";

import { submitJobs } from "@/api/generated";
import type { JobBatch, JobRequest } from "@/api/types";
import { userKeys } from "@/entities/user/queries";

import { addJobs } from "./cache";
import { jobKeys } from "./queries";

/** Asks for jobs. The same `key` twice asks once. */
export async function submit(client: QueryClient, request: JobRequest, key: string): Promise<JobBatch> {
  const batch = await submitJobs({ body: request, headers: { "idempotency-key": key } });
  addJobs(client, batch.jobs);
  for (const queryKey of [jobKeys.lists, userKeys.me]) void client.invalidateQueries({ queryKey });
  return batch;
}
