/** What the query cache holds of collections, when one of them changes. */
import type { QueryClient } from "@tanstack/react-query";

import { mapItems, type Pages } from "@/api/pages";
import type { Collection, CollectionPage, ImagePage } from "@/api/types";

import { reordered, type Place } from "./order";
import { collectionKeys } from "./queries";

/** Shows a collection as the server told it last. */
export function showCollection(client: QueryClient, fresh: Collection): void {
  client.setQueryData<Collection>(collectionKeys.collection(fresh.id), fresh);
  client.setQueriesData<Pages<CollectionPage> | CollectionPage>(
    { queryKey: collectionKeys.collections },
    (data) => {
      if (!data) return data;
      const change = (one: Collection) => (one.id === fresh.id ? fresh : one);
      return "pages" in data ? mapItems(data, change) : { ...data, items: data.items.map(change) };
    },
  );
}

/** Its lists are read again: which of them has it, and where, may be another matter now. */
export function rereadCollections(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: collectionKeys.collections });
}

/** Its images are read again, where they are shown or not. */
export function rereadImagesIn(client: QueryClient, id: string): void {
  void client.invalidateQueries({ queryKey: collectionKeys.imagesIn(id) });
}

/** Moves an image among those that were read; gives the way back. */
export function showMoved(client: QueryClient, id: string, image: string, place: Place): () => void {
  const queryKey = collectionKeys.imagesIn(id);
  const before = client.getQueryData<Pages<ImagePage>>(queryKey);
  client.setQueryData<Pages<ImagePage>>(queryKey, (data) => data && inOrder(data, image, place));
  return () => void client.setQueryData(queryKey, before);
}

/** Takes an image out of those that were read. */
export function hideFrom(client: QueryClient, id: string, image: string): void {
  client.setQueryData<Pages<ImagePage>>(
    collectionKeys.imagesIn(id),
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({
          ...page,
          items: page.items.filter((one) => one.id !== image),
        })),
      },
  );
}

/** Pages keep their lengths: where the next one begins was told for them. */
function inOrder(data: Pages<ImagePage>, image: string, place: Place): Pages<ImagePage> {
  const all = reordered(
    data.pages.flatMap((page) => page.items),
    image,
    place,
  );
  let from = 0;
  const pages = data.pages.map((page) => {
    const items = all.slice(from, from + page.items.length);
    from += page.items.length;
    return { ...page, items };
  });
  return { ...data, pages };
}
