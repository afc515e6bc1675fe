/** Collections as they are read, and what those readings are called in the cache. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { listCollections, listImages } from "@/api/generated";
import {
  getCollectionOptions,
  listCollectionsInfiniteQueryKey,
  listCollectionsQueryKey,
  listImagesInfiniteQueryKey,
} from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";

const LIST = { limit: 60 };
/** A list to choose from: those that were changed last. */
const CHOICE = { limit: 100 };

export const collectionKeys = {
  /** Every list of collections. */
  collections: [{ _id: "listCollections" }] as const,
  /** Every collection read by itself. */
  all: [{ _id: "getCollection" }] as const,
  collection: (id: string) => collectionQuery(id).queryKey,
  /** The images of one in its order: a list of images like the others, which follows what is done to an image. */
  imagesIn: (id: string) => listImagesInfiniteQueryKey({ query: imagesOf(id) }),
};

export const collectionsQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: listCollectionsInfiniteQueryKey({ query: LIST }),
  queryFn: ({ pageParam, signal }) => listCollections({ query: { ...LIST, cursor: pageParam }, signal }),
});

export const collectionChoiceQuery = queryOptions({
  queryKey: listCollectionsQueryKey({ query: CHOICE }),
  queryFn: ({ signal }) => listCollections({ query: CHOICE, signal }),
});

/** Those that an image is in. */
export const collectionsWithQuery = (image: string) =>
  queryOptions({
    queryKey: listCollectionsQueryKey({ query: { ...CHOICE, image } }),
    queryFn: ({ signal }) => listCollections({ query: { ...CHOICE, image }, signal }),
  });

export const collectionQuery = (id: string) => getCollectionOptions({ path: { collection_id: id } });

export const imagesInQuery = (id: string) =>
  infiniteQueryOptions({
    ...followingPages,
    queryKey: collectionKeys.imagesIn(id),
    queryFn: ({ pageParam, signal }) => listImages({ query: { ...imagesOf(id), cursor: pageParam }, signal }),
  });

function imagesOf(id: string) {
  return { limit: 48, collection: id };
}
