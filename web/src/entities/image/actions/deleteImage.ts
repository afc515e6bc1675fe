import { Trash2Icon } from "lucide-react";

import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { jobKeys } from "@/entities/job/queries";
import { userKeys } from "@/entities/user/queries";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { removeImage } from "../cache";
import { putAway, settleDeletions, takeBack } from "../deletions";

/** Asks nothing: for a moment it can be taken back. Several in a row are one notice, and come back together. */
export const deleteImage: RunAction<Pick<Image, "id">> = {
  label: "picture.delete",
  icon: Trash2Icon,
  keys: ["Delete", "Backspace"],
  danger: true,
  run: ({ id }, { client, i18n }) => {
    const settle = async () => {
      const { deleted, problem } = await settleDeletions();
      for (const one of deleted) removeImage(client, one);
      if (deleted.length > 0)
        for (const queryKey of [jobKeys.lists, userKeys.me]) void client.invalidateQueries({ queryKey });
      if (problem) toast(problemText(i18n, problem), "bad");
    };
    toast(i18n.t("picture.deleted", { n: putAway(id) }), "info", {
      id: "picture-deleted",
      action: { label: i18n.t("picture.undo"), onPress: takeBack },
      onClose: () => void settle(),
    });
    return Promise.resolve();
  },
};
