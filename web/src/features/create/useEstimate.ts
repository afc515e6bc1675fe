import { keepPreviousData, skipToken, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import type { JobRequest } from "@/api/types";
import { estimateQuery } from "@/entities/job/queries";

const PAUSE_MS = 350;

/** What a request would cost, a moment after the last change. Words cost nothing, so they do not ask anew. */
export function useEstimate(request: JobRequest | null) {
  const priced = JSON.parse(useSettled(wordlessRequest(request))) as JobRequest | null;
  const query = estimateQuery(priced ?? ({} as JobRequest));
  return useQuery({
    ...query,
    queryFn: priced ? query.queryFn : skipToken,
    placeholderData: keepPreviousData,
  });
}

/** What of a request has to do with its price, in one string. */
export function wordlessRequest(request: JobRequest | null): string {
  return JSON.stringify(request && { ...request, prompt: "-", negative_prompt: "", seed: 0 });
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
