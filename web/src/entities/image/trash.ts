/** The trash as it is read. */
import { infiniteQueryOptions } from "@tanstack/react-query";

import { listImages } from "@/api/generated";
import { getTrashOptions, listImagesInfiniteQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";

const LIST = { limit: 60, trashed: true };
const DAY_MS = 86_400_000;

export const trashQuery = getTrashOptions();

export const trashedQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: listImagesInfiniteQueryKey({ query: LIST }),
  queryFn: ({ pageParam, signal }) => listImages({ query: { ...LIST, cursor: pageParam }, signal }),
});

/** Whole days until it is deleted for good: on its last day 1, and 0 when that may be at any moment. */
export function daysLeft(trashedAt: string, keepDays: number, now = Date.now()): number {
  return Math.max(0, Math.ceil(keepDays - (now - Date.parse(trashedAt)) / DAY_MS));
}
