import { FolderPlusIcon } from "lucide-react";

import { addToCollection, removeFromCollection } from "@/api/generated";
import type { Collection } from "@/api/types";
import type { RunAction } from "@/entities/action";

import { rereadCollections, rereadImagesIn } from "../cache";
import { collectionKeys } from "../queries";

/** An image and a collection that it is to be in, or no longer. */
interface Wanted {
  image: string;
  collection: Pick<Collection, "id">;
  inside: boolean;
}

export const putInto: RunAction<Wanted> = {
  label: "collection.put_into",
  icon: FolderPlusIcon,
  isOn: ({ inside }) => inside,
  run: async ({ image, collection, inside }, { client }) => {
    const path = { collection_id: collection.id };
    if (inside) await addToCollection({ path, body: { image_ids: [image] } });
    else await removeFromCollection({ path: { ...path, image_id: image } });
    void client.invalidateQueries({ queryKey: collectionKeys.collection(collection.id) });
    rereadCollections(client);
    rereadImagesIn(client, collection.id);
  },
};
