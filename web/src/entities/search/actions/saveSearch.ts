import { BookmarkPlusIcon } from "lucide-react";

import { saveSearch as askToSave, type SearchBody, type SearchDetailsOut } from "@/api/generated";
import type { RunAction } from "@/entities/action";
import { toast } from "@/ui/toasts";

import { rereadSearches } from "../queries";

export const saveSearch: RunAction<SearchBody, SearchDetailsOut> = {
  label: "search.save",
  icon: BookmarkPlusIcon,
  run: async (body, { client, i18n }) => {
    const made = await askToSave({ body });
    rereadSearches(client);
    toast(i18n.t("search.saved", { name: made.name }), "good");
    return made;
  },
};
