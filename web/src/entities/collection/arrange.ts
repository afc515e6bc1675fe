/** Moves an image within a collection. It shows at once, and goes back if the server refuses. */
import type { QueryClient } from "@tanstack/react-query";

import { arrangeCollection } from "@/api/generated";

import { rereadImagesIn, showCollection, showMoved } from "./cache";
import type { Place } from "./order";

/** One after the other, in the order they were asked for: each is told by its neighbours. */
let last: Promise<unknown> = Promise.resolve();

export function arrange(client: QueryClient, collection: string, image: string, place: Place): Promise<void> {
  const goBack = showMoved(client, collection, image, place);
  const sent = last
    .catch(() => undefined)
    .then(async () => {
      const body = { move: [image], ...place };
      showCollection(
        client,
        await arrangeCollection({ path: { collection_id: collection }, body }).catch((error: unknown) => {
          goBack();
          // Another device has changed it, perhaps.
          rereadImagesIn(client, collection);
          throw error;
        }),
      );
    });
  last = sent;
  return sent;
}
