import { Undo2Icon } from "lucide-react";

import { restoreImage as askToRestore } from "@/api/generated";
import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { toast } from "@/ui/toasts";

import { removeImage, rereadAfterMove } from "../cache";
import { showAgain } from "../deletions";

/** Back from the trash, with its tags and into its collections. */
export const restoreImage: RunAction<Pick<Image, "id">> = {
  label: "picture.restore",
  icon: Undo2Icon,
  keys: ["u"],
  run: async ({ id }, { client, i18n }) => {
    await askToRestore({ path: { image_id: id } });
    showAgain([id]);
    removeImage(client, id);
    rereadAfterMove(client);
    toast(i18n.t("picture.restored", { n: 1 }), "good");
  },
};
