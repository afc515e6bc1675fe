/** Changes to what the query cache holds, for events and for changes shown before the server confirms them. */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";

import { changedByEvents, keys } from "./keys";
import type { Image, ImagePage, Job, JobPage, Me } from "./types";

type Pages<P> = InfiniteData<P, string | undefined>;

/** Changes one job wherever it is listed. False when it is listed nowhere. */
export function patchJob(client: QueryClient, id: string, change: (job: Job) => Job): boolean {
  let found = false;
  client.setQueryData<Pages<JobPage>>(keys.jobs, (data) => {
    if (!data?.pages.some((page) => page.items.some((job) => job.id === id))) return data;
    found = true;
    return mapItems(data, (job) => (job.id === id ? change(job) : job));
  });
  return found;
}

/** Puts jobs just submitted in front, unless a poll has brought them already. */
export function addJobs(client: QueryClient, jobs: Job[]): void {
  client.setQueryData<Pages<JobPage>>(keys.jobs, (data) => {
    const first = data?.pages[0];
    if (!data || !first) return data;
    const known = new Set(data.pages.flatMap((page) => page.items).map((job) => job.id));
    const fresh = jobs.filter((job) => !known.has(job.id)).reverse();
    return { ...data, pages: [{ ...first, items: [...fresh, ...first.items] }, ...data.pages.slice(1)] };
  });
}

export function patchImage(client: QueryClient, id: string, change: (image: Image) => Image): void {
  client.setQueryData<Image>(keys.image(id), (image) => image && change(image));
  client.setQueriesData<Pages<ImagePage>>(
    { queryKey: keys.images },
    (data) => data && mapItems(data, (image) => (image.id === id ? change(image) : image)),
  );
}

export function removeImage(client: QueryClient, id: string): void {
  client.setQueriesData<Pages<ImagePage>>(
    { queryKey: keys.images },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({
          ...page,
          items: page.items.filter((image) => image.id !== id),
        })),
      },
  );
  client.removeQueries({ queryKey: keys.image(id) });
}

export function setBalance(client: QueryClient, balance: number): void {
  client.setQueryData<Me>(keys.me, (me) => me && { ...me, credits: { ...me.credits, balance } });
}

/** Events were missed: whatever they may have changed is read again, at once where it is shown. */
export async function rereadWhatEventsChange(client: QueryClient): Promise<void> {
  await Promise.all(changedByEvents.map((queryKey) => client.invalidateQueries({ queryKey })));
}

function mapItems<T>(
  data: Pages<{ items: T[]; next_cursor: string | null }>,
  change: (item: T) => T,
): Pages<{ items: T[]; next_cursor: string | null }> {
  return { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map(change) })) };
}
