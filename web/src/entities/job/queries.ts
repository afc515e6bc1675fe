/** The jobs of a person as they are read, and what those readings are called in the cache. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { estimateJobs, listJobs, type ListJobsData } from "@/api/generated";
import { getJobOptions, listJobsInfiniteQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";
import type { JobPage, JobRequest } from "@/api/types";

import { newestProgress } from "./progress";

type Asked = NonNullable<ListJobsData["query"]>;

const query = { limit: 24 } satisfies Asked;

/** Those that have not ended, however far down the list of all of them they stand. */
const runningOnly = { status: ["pending", "queued", "processing"], limit: 50 } satisfies Asked;

export const jobKeys = {
  jobs: listJobsInfiniteQueryKey({ query }),
  running: listJobsInfiniteQueryKey({ query: runningOnly }),
  /** Every list of jobs. */
  lists: [{ _id: "listJobs" }] as const,
  /** Every job read by itself. */
  all: [{ _id: "getJob" }] as const,
  job: (id: string) => jobQuery(id).queryKey,
  estimate: (request: unknown) => ["estimate", request] as const,
};

export const jobsQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: jobKeys.jobs,
  queryFn: async ({ pageParam, signal, client }) => {
    const page = await listJobs({ query: { ...query, cursor: pageParam }, signal });
    return newestProgress(page, client.getQueryData<{ pages: JobPage[] }>(jobKeys.jobs)?.pages);
  },
});

export const runningJobsQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: jobKeys.running,
  queryFn: async ({ pageParam, signal, client }) => {
    const page = await listJobs({ query: { ...runningOnly, cursor: pageParam }, signal });
    return newestProgress(page, client.getQueryData<{ pages: JobPage[] }>(jobKeys.running)?.pages);
  },
});

export const jobQuery = (id: string) => getJobOptions({ path: { job_id: id } });

/** What a request would cost. Nothing is spent. */
export const estimateQuery = (request: JobRequest) =>
  queryOptions({
    queryKey: jobKeys.estimate(request),
    queryFn: ({ signal }) => estimateJobs({ body: request, signal }),
    staleTime: 5 * 60_000,
    retry: false,
  });
