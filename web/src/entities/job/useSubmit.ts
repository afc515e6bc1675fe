import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

import { userKeys } from "@/entities/user/queries";
import { addJobs } from "./cache";
import { submitJobs } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { jobKeys } from "./queries";
import { newIdempotencyKey } from "@/api/random";
import type { JobBatch, JobRequest } from "@/api/types";

const TRIES = 3;

/** Repeats a call that carries an idempotency key while nobody knows what became of it, or the first one still runs. */
export const untilKnown = {
  retry: (failures: number, error: Error) => {
    const { outcomeUnknown, status } = asProblem(error);
    return failures < TRIES && (outcomeUnknown || status === 409);
  },
  retryDelay: (failures: number) => 500 * 2 ** failures,
};

/**
 * Submits jobs, exactly once for each action of the person. The key is made when they press the button and goes
 * with every repetition of it; if in the end nobody knows whether it worked, pressing again with nothing changed
 * is that same action still.
 */
export function useSubmit(onSubmitted: (batch: JobBatch) => void) {
  const client = useQueryClient();
  const unsettled = useRef<{ body: string; key: string } | null>(null);

  const mutation = useMutation({
    mutationFn: ({ request, key }: { request: JobRequest; key: string }) =>
      submitJobs({ body: request, headers: { "idempotency-key": key } }),
    ...untilKnown,
    onSuccess: (batch) => {
      unsettled.current = null;
      addJobs(client, batch.jobs);
      void client.invalidateQueries({ queryKey: jobKeys.jobs });
      void client.invalidateQueries({ queryKey: userKeys.me });
      onSubmitted(batch);
    },
    onError: (error, { request, key }) => {
      const unknown = asProblem(error).outcomeUnknown;
      unsettled.current = unknown ? { body: JSON.stringify(request), key } : null;
    },
  });

  const submit = (request: JobRequest) => {
    const before = unsettled.current;
    const same = before?.body === JSON.stringify(request);
    mutation.mutate({ request, key: same ? before.key : newIdempotencyKey() });
  };
  return { submit, busy: mutation.isPending, error: mutation.error, forget: mutation.reset };
}
