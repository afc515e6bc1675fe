import { Trash2Icon } from "lucide-react";

import { asProblem } from "@/api/problem";
import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { removeImage, rereadAfterMove } from "../cache";
import { forgetRetractable, moveToTrash, putAway, takeBack } from "../deletions";

/** Asks nothing: it goes into the trash, and for a moment the notice brings it back. Several in a row are one notice, and come back together. */
export const deleteImage: RunAction<Pick<Image, "id">> = {
  label: "picture.delete",
  icon: Trash2Icon,
  keys: ["Delete", "Backspace"],
  danger: true,
  run: async ({ id }, { client, i18n }) => {
    const undo = async () => {
      try {
        await takeBack();
        rereadAfterMove(client);
      } catch (error) {
        toast(problemText(i18n, asProblem(error)), "bad");
      }
    };
    toast(i18n.t("picture.deleted", { n: putAway(id) }), "info", {
      id: "picture-deleted",
      action: { label: i18n.t("picture.undo"), onPress: () => void undo() },
      onClose: forgetRetractable,
    });
    await moveToTrash(id);
    removeImage(client, id);
    rereadAfterMove(client);
  },
};
