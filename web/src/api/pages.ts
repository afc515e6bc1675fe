/** Lists that come in pages, as the query cache holds them. */
import type { InfiniteData } from "@tanstack/react-query";

export type Pages<P> = InfiniteData<P, string | undefined>;

/** What a list that comes in pages needs besides its reading: each page says where the next one begins. */
export const followingPages = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page: { next_cursor: string | null }) => page.next_cursor ?? undefined,
};

/** The same pages with each item changed. */
export function mapItems<T>(
  data: Pages<{ items: T[]; next_cursor: string | null }>,
  change: (item: T) => T,
): Pages<{ items: T[]; next_cursor: string | null }> {
  return { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map(change) })) };
}
