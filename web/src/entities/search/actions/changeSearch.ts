import { PencilIcon } from "lucide-react";

import { changeSearch as askToChange, type SearchDetailsOut, type SearchPatch } from "@/api/generated";
import type { RunAction } from "@/entities/action";
import { toast } from "@/ui/toasts";

import { rereadSearches } from "../queries";

export const changeSearch: RunAction<SearchPatch & { id: string }, SearchDetailsOut> = {
  label: "search.change",
  icon: PencilIcon,
  run: async ({ id, ...body }, { client, i18n }) => {
    const fresh = await askToChange({ path: { search_id: id }, body });
    rereadSearches(client);
    toast(i18n.t("search.saved", { name: fresh.name }), "good");
    return fresh;
  },
};
