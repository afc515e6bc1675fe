import { Trash2Icon } from "lucide-react";

import { deleteSearch as askToDelete, type SearchOut } from "@/api/generated";
import type { RunAction } from "@/entities/action";
import { toast } from "@/ui/toasts";

import { rereadSearches, searchQuery } from "../queries";

export const deleteSearch: RunAction<Pick<SearchOut, "id" | "name">> = {
  label: "search.delete",
  icon: Trash2Icon,
  danger: true,
  question: ({ name }, { t }) => ({
    title: t("search.delete_title", { name }),
    text: t("search.delete_text"),
    action: t("search.delete"),
  }),
  run: async ({ id, name }, { client, i18n }) => {
    await askToDelete({ path: { search_id: id } });
    client.removeQueries({ queryKey: searchQuery(id).queryKey });
    rereadSearches(client);
    toast(i18n.t("search.deleted", { name }), "good");
  },
};
