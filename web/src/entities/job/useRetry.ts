import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

import { retryJob } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { newIdempotencyKey } from "@/api/random";
import { userKeys } from "@/entities/user/queries";

import { addJobs } from "./cache";
import { jobKeys } from "./queries";
import { untilKnown } from "./useSubmit";

/**
 * Tries an ended job again, once for each press: every repetition of the call carries the key of the press, and so does
 * another press while nobody knows what became of the first.
 */
export function useRetry(jobId: string) {
  const client = useQueryClient();
  const unsettled = useRef<string | null>(null);
  const { mutate, isPending, error } = useMutation({
    ...untilKnown,
    mutationFn: (key: string) => retryJob({ path: { job_id: jobId }, headers: { "idempotency-key": key } }),
    onSuccess: ({ jobs }) => {
      unsettled.current = null;
      addJobs(client, jobs);
      for (const queryKey of [jobKeys.jobs, userKeys.me]) void client.invalidateQueries({ queryKey });
    },
    onError: (problem) => {
      if (!asProblem(problem).outcomeUnknown) unsettled.current = null;
    },
  });
  const retry = () => mutate((unsettled.current ??= newIdempotencyKey()));
  return { retry, busy: isPending, problem: error && asProblem(error) };
}
