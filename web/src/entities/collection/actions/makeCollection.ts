import { PlusIcon } from "lucide-react";

import { addToCollection, createCollection } from "@/api/generated";
import type { Collection, CollectionFacts } from "@/api/types";
import type { RunAction } from "@/entities/action";

import { rereadCollections, showCollection } from "../cache";

/** What it is to be, and the image that goes into it at once. */
interface Made extends CollectionFacts {
  image?: string;
}

export const makeCollection: RunAction<Made, Collection> = {
  label: "collection.make",
  icon: PlusIcon,
  run: async ({ image, ...body }, { client }) => {
    let made = await createCollection({ body });
    if (image !== undefined)
      made = await addToCollection({ path: { collection_id: made.id }, body: { image_ids: [image] } });
    showCollection(client, made);
    rereadCollections(client);
    return made;
  },
};
