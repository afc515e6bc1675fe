/** The pictures of a person as they are read, and what those readings are called in the cache. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { listImageDates, listImages, type FilterIn, type ListImagesData } from "@/api/generated";
import {
  getImageOptions,
  listImageDatesQueryKey,
  listImagesInfiniteQueryKey,
} from "@/api/generated/@tanstack/react-query.gen";
import type { ImagePage } from "@/api/types";

export type Sort = NonNullable<NonNullable<ListImagesData["query"]>["sort"]>;

export interface Filter {
  favorite: boolean;
  /** All of them. */
  tags?: readonly string[];
  /** What else the list is asked for. */
  more?: Omit<FilterIn, "favorite" | "tag">;
}

/** How a list of them is gone through. */
export interface Way {
  /** Left out: the newest first, or the order of the collection that is asked for. */
  sort?: Sort | undefined;
  /** Moments: from where on, in the order of the list. */
  from?: string | undefined;
}

const PAGE = 100;
/** Those of a longer list are read again when they come near. */
const PAGES_HELD = 20;
/** Stands for the first page, which no cursor leads to. */
const FIRST = "";
/** Where the page before one begins, by the cursor of that one: cursors lead one way. */
const cursorsBefore = new Map<string, string>();

export const imageKeys = {
  /** Every list of pictures. */
  images: [{ _id: "listImages" }] as const,
  imagesOf: (filter: Filter, way: Way = {}) => listImagesInfiniteQueryKey({ query: queryOf(filter, way) }),
  /** Every list of the months they were made in. */
  dates: [{ _id: "listImageDates" }] as const,
  /** Every picture read by itself. */
  all: [{ _id: "getImage" }] as const,
  image: (id: string) => imageQuery(id).queryKey,
};

export const imagesQuery = (filter: Filter, way: Way = {}) =>
  infiniteQueryOptions({
    queryKey: imageKeys.imagesOf(filter, way),
    initialPageParam: FIRST,
    maxPages: PAGES_HELD,
    getNextPageParam: (page: ImagePage) => page.next_cursor ?? undefined,
    getPreviousPageParam: (_page: ImagePage, _pages: ImagePage[], cursor: string | undefined) =>
      cursorBefore(cursor),
    queryFn: ({ pageParam, signal }) => readPage(filter, way, pageParam, signal),
  });

/** Where the page before this one begins, as far as it was read. */
export function cursorBefore(cursor: string | undefined): string | undefined {
  return cursorsBefore.get(cursor ?? FIRST);
}

/** One page of a list, by the cursor that leads to it. */
export async function readPage(filter: Filter, way: Way, cursor: string, signal?: AbortSignal) {
  const query = { ...queryOf(filter, way), cursor: cursor === FIRST ? undefined : cursor };
  const page = await listImages(signal ? { query, signal } : { query });
  if (page.next_cursor !== null) cursorsBefore.set(page.next_cursor, cursor);
  return page;
}

export const imageQuery = (id: string) => getImageOptions({ path: { image_id: id } });

/** In which months those of a filter were made, here. */
export const datesQuery = (filter: Filter) => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const query = { ...(filterOf(filter) as NonNullable<ListImagesData["query"]>), zone };
  return queryOptions({
    queryKey: listImageDatesQueryKey({ query }),
    queryFn: ({ signal }) => listImageDates({ query, signal }),
    staleTime: 60_000,
  });
};

/** A filter in the words of the API. */
export function filterOf({ favorite, tags = [], more }: Filter): FilterIn {
  return {
    ...more,
    ...(favorite ? { favorite } : {}),
    ...(tags.length > 0 ? { tag: [...tags] } : {}),
  };
}

function queryOf(filter: Filter, { sort, from }: Way): NonNullable<ListImagesData["query"]> {
  // As it is written: a seed may be larger than numbers are exact here.
  const asked = filterOf(filter) as NonNullable<ListImagesData["query"]>;
  const oldest = sort === "oldest";
  return {
    ...asked,
    limit: PAGE,
    sort,
    created_to: oldest ? asked.created_to : (from ?? asked.created_to),
    created_from: oldest ? (from ?? asked.created_from) : asked.created_from,
  };
}
