import { Trash2Icon } from "lucide-react";

import { deleteTag as askToDelete, type TagOut } from "@/api/generated";
import type { RunAction } from "@/entities/action";
import { toast } from "@/ui/toasts";

import { rereadTags } from "../cache";

export const deleteTag: RunAction<TagOut> = {
  label: "tag.delete",
  icon: Trash2Icon,
  danger: true,
  question: ({ name, usage_count }, { t }) => ({
    title: t("tag.delete_title", { name }),
    text: t("tag.delete_text", { n: usage_count }),
    action: t("tag.delete"),
  }),
  run: async ({ id, name }, { client, i18n }) => {
    await askToDelete({ path: { tag_id: id } });
    rereadTags(client);
    toast(i18n.t("tag.deleted", { name }), "good");
  },
};
