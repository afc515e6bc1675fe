import { PencilIcon } from "lucide-react";

import { changeCollection } from "@/api/generated";
import type { Collection, CollectionFacts } from "@/api/types";
import type { RunAction } from "@/entities/action";

import { rereadCollections, showCollection } from "../cache";

export const changeFacts: RunAction<CollectionFacts & { id: string }, Collection> = {
  label: "collection.change",
  icon: PencilIcon,
  run: async ({ id, ...body }, { client }) => {
    const fresh = await changeCollection({ path: { collection_id: id }, body });
    showCollection(client, fresh);
    rereadCollections(client);
    return fresh;
  },
};
