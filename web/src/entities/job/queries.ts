/** The jobs of a person as they are read, and what those readings are called in the cache. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answer, api } from "@/api/client";
import type { JobRequest } from "@/api/types";

import { newestProgress } from "./progress";

export const jobKeys = {
  jobs: ["jobs"] as const,
  /** Every job read by itself. */
  all: ["job"] as const,
  job: (id: string) => ["job", id] as const,
  estimate: (request: unknown) => ["estimate", request] as const,
};

export const jobsQuery = infiniteQueryOptions({
  queryKey: jobKeys.jobs,
  queryFn: async ({ pageParam, signal, client }) => {
    const page = await answer(
      api.GET("/api/v1/jobs", { params: { query: { limit: 24, cursor: pageParam } }, signal }),
    );
    return newestProgress(page, client.getQueryData<{ pages: (typeof page)[] }>(jobKeys.jobs)?.pages);
  },
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: jobKeys.job(id),
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: id } }, signal })),
  });

/** What a request would cost. Nothing is spent. */
export const estimateQuery = (request: JobRequest) =>
  queryOptions({
    queryKey: jobKeys.estimate(request),
    queryFn: ({ signal }) => answer(api.POST("/api/v1/jobs/estimate", { body: request, signal })),
    staleTime: 5 * 60_000,
    retry: false,
  });
