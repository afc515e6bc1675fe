import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { answer, api } from "@/api/client";
import { keys } from "@/api/keys";
import type { JobRequest } from "@/api/types";

const PAUSE_MS = 350;

/** What a request would cost, a moment after the last change. Words cost nothing, so they do not ask anew. */
export function useEstimate(request: JobRequest | null) {
  const priced = useSettled(
    request && JSON.stringify({ ...request, prompt: "-", negative_prompt: "", seed: 0 }),
  );
  return useQuery({
    queryKey: keys.estimate(priced),
    queryFn: ({ signal }) =>
      answer(api.POST("/api/v1/jobs/estimate", { body: JSON.parse(priced ?? "") as JobRequest, signal })),
    enabled: priced !== null,
    placeholderData: keepPreviousData,
    staleTime: 5 * 60_000,
    retry: false,
  });
}

/** The value once it has stopped changing for a moment. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
