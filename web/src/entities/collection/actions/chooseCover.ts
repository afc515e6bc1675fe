import { ImageUpIcon } from "lucide-react";

import { changeCollection } from "@/api/generated";
import type { RunAction } from "@/entities/action";
import { toast } from "@/ui/toasts";

import { showCollection } from "../cache";
import type { Placed } from "../placed";

export const chooseCover: RunAction<Placed> = {
  label: "collection.choose_cover",
  icon: ImageUpIcon,
  run: async ({ collection, image }, { client, i18n }) => {
    const body = { cover_image_id: image.id };
    showCollection(client, await changeCollection({ path: { collection_id: collection }, body }));
    toast(i18n.t("collection.cover_chosen"), "good");
  },
};
