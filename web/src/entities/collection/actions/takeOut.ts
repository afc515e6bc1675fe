import { FolderMinusIcon } from "lucide-react";

import { addToCollection, removeFromCollection } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { RunAction } from "@/entities/action";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { arrange } from "../arrange";
import { hideFrom, rereadCollections, rereadImagesIn } from "../cache";
import type { Placed } from "../placed";
import { collectionKeys } from "../queries";

/** Asks nothing: the image stays, and it can be put back where it was. */
export const takeOut: RunAction<Placed> = {
  label: "collection.take_out",
  icon: FolderMinusIcon,
  keys: ["Delete", "Backspace"],
  run: async ({ collection, image, next }, { client, i18n }) => {
    const reread = () => {
      void client.invalidateQueries({ queryKey: collectionKeys.collection(collection) });
      rereadCollections(client);
    };
    await removeFromCollection({ path: { collection_id: collection, image_id: image.id } });
    hideFrom(client, collection, image.id);
    reread();
    const putBack = async () => {
      await addToCollection({ path: { collection_id: collection }, body: { image_ids: [image.id] } });
      if (next !== undefined) await arrange(client, collection, image.id, { before: next });
      rereadImagesIn(client, collection);
      reread();
    };
    toast(i18n.t("collection.taken_out"), "info", {
      action: {
        label: i18n.t("picture.undo"),
        onPress: () =>
          void putBack().catch((error: unknown) => toast(problemText(i18n, asProblem(error)), "bad")),
      },
    });
  },
};
