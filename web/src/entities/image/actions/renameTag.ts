import { PencilIcon } from "lucide-react";

import { renameTag as askToRename, type TagOut } from "@/api/generated";
import type { RunAction } from "@/entities/action";
import { toast } from "@/ui/toasts";

import { rereadTags } from "../cache";

/** A tag, and what it is to be called; `into`: there is one of that name already, and the two become one. */
interface Renaming {
  tag: TagOut;
  name: string;
  into: boolean;
}

/** Asked before two become one: which of them a picture had is not known afterwards. */
export const renameTag: RunAction<Renaming> = {
  label: "tag.rename",
  icon: PencilIcon,
  question: ({ tag, name, into }, { t }) => ({
    title: into ? t("tag.merge_title", { name: tag.name, into: name }) : t("tag.rename"),
    text: t("tag.merge_text", { n: tag.usage_count, name: tag.name, into: name }),
    action: t("tag.merge"),
  }),
  run: async ({ tag, name }, { client, i18n }) => {
    await askToRename({ path: { tag_id: tag.id }, body: { name } });
    rereadTags(client);
    toast(i18n.t("tag.merged", { name: tag.name, into: name }), "good");
  },
};
