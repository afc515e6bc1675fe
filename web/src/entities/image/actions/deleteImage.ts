import { Trash2Icon } from "lucide-react";

import { deleteImage as callDelete } from "@/api/generated";
import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { jobKeys } from "@/entities/job/queries";
import { userKeys } from "@/entities/user/queries";
import { toast } from "@/ui/toasts";

import { removeImage } from "../cache";
import { pictureTitle } from "../pictureTitle";

const SHOWN_OF_A_TITLE = 120;

export const deleteImage: RunAction<Image> = {
  label: "picture.delete",
  icon: Trash2Icon,
  keys: ["Delete", "Backspace"],
  danger: true,
  question: (image, i18n) => {
    const title = pictureTitle(image.generation_params, i18n);
    const prompt = title.length > SHOWN_OF_A_TITLE ? `${title.slice(0, SHOWN_OF_A_TITLE)}…` : title;
    return {
      title: i18n.t("picture.delete_title"),
      text: i18n.t("picture.delete_text", { prompt }),
      action: i18n.t("picture.delete_confirm"),
    };
  },
  run: async ({ id }, { client, i18n }) => {
    await callDelete({ path: { image_id: id } });
    removeImage(client, id);
    toast(i18n.t("picture.deleted"));
    for (const queryKey of [jobKeys.lists, userKeys.me]) void client.invalidateQueries({ queryKey });
  },
};
