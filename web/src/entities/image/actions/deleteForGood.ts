import { Trash2Icon } from "lucide-react";

import { deleteImage } from "@/api/generated";
import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { toast } from "@/ui/toasts";

import { removeImage, rereadAfterMove } from "../cache";

export const deleteForGood: RunAction<Pick<Image, "id">> = {
  label: "picture.delete_for_good",
  icon: Trash2Icon,
  keys: ["Delete", "Backspace"],
  danger: true,
  question: (_, { t }) => ({
    title: t("picture.delete_for_good_title"),
    text: t("picture.delete_for_good_text"),
    action: t("picture.delete_for_good"),
  }),
  run: async ({ id }, { client, i18n }) => {
    await deleteImage({ path: { image_id: id }, query: { for_good: true } });
    removeImage(client, id);
    rereadAfterMove(client);
    toast(i18n.t("picture.deleted_for_good"), "good");
  },
};
