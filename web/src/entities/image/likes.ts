/** Likes in what the query cache holds: of pictures read by themselves, and in the lists that everybody finds. */
import type { QueryClient } from "@tanstack/react-query";

import { mapItems, type Pages } from "@/api/pages";
import type { ImageDetails, Likes, PublicImagePage } from "@/api/types";

import { imageKeys } from "./queries";

const PUBLIC_LISTS = [{ _id: "listPublicImages" }] as const;

export function patchLikes(client: QueryClient, id: string, likes: Likes): void {
  client.setQueryData<ImageDetails>(imageKeys.image(id), (image) => image && { ...image, ...likes });
  client.setQueriesData<Pages<PublicImagePage>>(
    { queryKey: PUBLIC_LISTS },
    (data) => data && mapItems(data, (image) => (image.id === id ? { ...image, ...likes } : image)),
  );
}
