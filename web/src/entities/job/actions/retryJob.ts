import { RotateCwIcon } from "lucide-react";

import { retryJob as callRetry } from "@/api/generated";
import type { Job } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { userKeys } from "@/entities/user/queries";

import { addJobs } from "../cache";
import { jobKeys } from "../queries";

/** A job, and whether a newer one tries it again already. */
export type Retriable = Pick<Job, "id" | "status"> & { retried: boolean };

export const retryJob: RunAction<Retriable> = {
  label: "action.try_again",
  icon: RotateCwIcon,
  offered: ({ status, retried }) => (status === "failed" || status === "canceled") && !retried,
  once: ({ id }) => id,
  run: async ({ id }, { client, key }) => {
    const { jobs } = await callRetry({ path: { job_id: id }, headers: { "idempotency-key": key } });
    addJobs(client, jobs);
    for (const queryKey of [jobKeys.lists, userKeys.me]) void client.invalidateQueries({ queryKey });
  },
};
