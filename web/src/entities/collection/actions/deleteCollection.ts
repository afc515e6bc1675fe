import { Trash2Icon } from "lucide-react";

import { deleteCollection as askToDelete } from "@/api/generated";
import type { Collection } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { toast } from "@/ui/toasts";

import { rereadCollections } from "../cache";
import { collectionKeys } from "../queries";

export const deleteCollection: RunAction<Collection> = {
  label: "collection.delete",
  icon: Trash2Icon,
  danger: true,
  question: ({ name, image_count }, { t }) => ({
    title: t("collection.delete_title", { name }),
    text: t("collection.delete_text", { n: image_count }),
    action: t("collection.delete"),
  }),
  run: async ({ id, name }, { client, i18n }) => {
    await askToDelete({ path: { collection_id: id } });
    client.removeQueries({ queryKey: collectionKeys.collection(id) });
    client.removeQueries({ queryKey: collectionKeys.imagesIn(id) });
    rereadCollections(client);
    toast(i18n.t("collection.deleted", { name }), "good");
  },
};
