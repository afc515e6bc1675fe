/** The reads that more than one feature makes. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answer, api } from "./client";
import { keys } from "./keys";
import { newestProgress } from "./progress";
import type { JobRequest } from "./types";

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: ({ signal }) => answer(api.GET("/api/v1/me", { signal })),
});

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: ({ signal }) => answer(api.GET("/api/v1/models", { signal })),
  staleTime: 5 * 60_000,
});

export const jobsQuery = infiniteQueryOptions({
  queryKey: keys.jobs,
  queryFn: async ({ pageParam, signal, client }) => {
    const page = await answer(
      api.GET("/api/v1/jobs", { params: { query: { limit: 24, cursor: pageParam } }, signal }),
    );
    return newestProgress(page, client.getQueryData<{ pages: (typeof page)[] }>(keys.jobs)?.pages);
  },
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: keys.job(id),
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: id } }, signal })),
  });

/** What a request would cost. Nothing is spent. */
export const estimateQuery = (request: JobRequest) =>
  queryOptions({
    queryKey: keys.estimate(request),
    queryFn: ({ signal }) => answer(api.POST("/api/v1/jobs/estimate", { body: request, signal })),
    staleTime: 5 * 60_000,
    retry: false,
  });

export const imagesQuery = (filter: { favorite: boolean }) =>
  infiniteQueryOptions({
    queryKey: keys.imagesOf(filter),
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET("/api/v1/images", {
          params: { query: { limit: 48, cursor: pageParam, favorite: filter.favorite ? true : undefined } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const imageQuery = (id: string) =>
  queryOptions({
    queryKey: keys.image(id),
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/images/{image_id}", { params: { path: { image_id: id } }, signal })),
  });

export const ledgerQuery = infiniteQueryOptions({
  queryKey: keys.ledger,
  queryFn: ({ pageParam, signal }) =>
    answer(api.GET("/api/v1/me/credits", { params: { query: { limit: 50, cursor: pageParam } }, signal })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});
