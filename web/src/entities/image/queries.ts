/** The pictures of a person as they are read, and what those readings are called in the cache. */
import { infiniteQueryOptions } from "@tanstack/react-query";

import { listImages, type ListImagesData } from "@/api/generated";
import { getImageOptions, listImagesInfiniteQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";

export interface Filter {
  favorite: boolean;
  /** All of them. */
  tags?: readonly string[];
  /** What else the list is asked for. */
  more?: Omit<NonNullable<ListImagesData["query"]>, "favorite" | "tag" | "limit" | "cursor">;
}

export const imageKeys = {
  /** Every list of pictures. */
  images: [{ _id: "listImages" }] as const,
  imagesOf: (filter: Filter) => listImagesInfiniteQueryKey({ query: queryOf(filter) }),
  /** Every picture read by itself. */
  all: [{ _id: "getImage" }] as const,
  image: (id: string) => imageQuery(id).queryKey,
};

export const imagesQuery = (filter: Filter) =>
  infiniteQueryOptions({
    ...followingPages,
    queryKey: imageKeys.imagesOf(filter),
    queryFn: ({ pageParam, signal }) =>
      listImages({ query: { ...queryOf(filter), cursor: pageParam }, signal }),
  });

export const imageQuery = (id: string) => getImageOptions({ path: { image_id: id } });

function queryOf({ favorite, tags = [], more }: Filter) {
  return {
    ...more,
    limit: 48,
    favorite: favorite ? true : undefined,
    tag: tags.length > 0 ? [...tags] : undefined,
  };
}
