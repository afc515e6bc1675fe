/** Changes to the pictures that the query cache holds, shown before the server confirms them. */
import type { QueryClient } from "@tanstack/react-query";

import { mapItems, type Pages } from "@/api/pages";
import type { Image, ImagePage } from "@/api/types";

import { imageKeys } from "./queries";

export function patchImage(client: QueryClient, id: string, change: (image: Image) => Image): void {
  client.setQueryData<Image>(imageKeys.image(id), (image) => image && change(image));
  client.setQueriesData<Pages<ImagePage>>(
    { queryKey: imageKeys.images },
    (data) => data && mapItems(data, (image) => (image.id === id ? change(image) : image)),
  );
}

export function removeImage(client: QueryClient, id: string): void {
  client.setQueriesData<Pages<ImagePage>>(
    { queryKey: imageKeys.images },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({
          ...page,
          items: page.items.filter((image) => image.id !== id),
        })),
      },
  );
  client.removeQueries({ queryKey: imageKeys.image(id) });
}

/** What pictures that went into the trash, or came out of it, change elsewhere: lists, counts, and what is in the trash. */
export function rereadAfterMove(client: QueryClient): void {
  const others = [
    "listImages",
    "listImageDates",
    "listDuplicates",
    "getTrash",
    "listJobs",
    "listTags",
    "listCollections",
    "getCollection",
    "getMe",
  ];
  for (const _id of others) void client.invalidateQueries({ queryKey: [{ _id }] });
}

/** A tag is called otherwise, or is gone: on all pictures that had it. */
export function rereadTags(client: QueryClient): void {
  rereadAfterMove(client);
  void client.invalidateQueries({ queryKey: imageKeys.all });
}
