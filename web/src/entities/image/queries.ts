/** The pictures of a person as they are read, and what those readings are called in the cache. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answer, api } from "@/api/client";

export const imageKeys = {
  images: ["images"] as const,
  imagesOf: (filter: { favorite: boolean }) => ["images", filter] as const,
  /** Every picture read by itself. */
  all: ["image"] as const,
  image: (id: string) => ["image", id] as const,
};

export const imagesQuery = (filter: { favorite: boolean }) =>
  infiniteQueryOptions({
    queryKey: imageKeys.imagesOf(filter),
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
    queryKey: imageKeys.image(id),
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/images/{image_id}", { params: { path: { image_id: id } }, signal })),
  });
