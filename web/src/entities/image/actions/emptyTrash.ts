import { Trash2Icon } from "lucide-react";

import { emptyTrash as askToEmpty } from "@/api/generated";
import type { RunAction } from "@/entities/action";
import { toast } from "@/ui/toasts";

import { rereadAfterMove } from "../cache";

/** All that is in the trash goes for good, however many calls that takes. */
export const emptyTrash: RunAction<{ count: number }> = {
  label: "trash.empty",
  icon: Trash2Icon,
  danger: true,
  offered: ({ count }) => count > 0,
  question: ({ count }, { t }) => ({
    title: t("trash.empty_title"),
    text: t("trash.empty_text", { n: count }),
    action: t("trash.empty"),
  }),
  run: async (_, { client, i18n }) => {
    let gone = 0;
    try {
      for (let more = true; more;) {
        const answer = await askToEmpty();
        gone += answer.count;
        more = answer.more;
      }
    } finally {
      rereadAfterMove(client);
    }
    toast(i18n.t("trash.emptied", { n: gone }), "good");
  },
};
