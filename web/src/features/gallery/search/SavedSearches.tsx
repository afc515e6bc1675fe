/** The searches that somebody keeps: opened, and what is asked for now kept as another one, or in place of the one that was opened. */
import { useQuery } from "@tanstack/react-query";
import { BookmarkIcon, FolderSearchIcon, SaveIcon } from "lucide-react";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import type { SearchBody, SearchOut } from "@/api/generated";
import { changeSearch } from "@/entities/search/actions/changeSearch";
import { saveSearch } from "@/entities/search/actions/saveSearch";
import { searchesQuery } from "@/entities/search/queries";
import { SearchDialog } from "@/entities/search/SearchDialog";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { Menu, type MenuEntry } from "@/ui/Menu";

import { isNarrowed, writeSearch, type Search } from "./gallerySearch";
import { keptOf, searchOf } from "./savedSearch";

/** Which one was opened stands in the address. */
export const SAVED = "saved";

export function SavedSearches({ search }: { search: Search }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const { data } = useQuery(searchesQuery);
  const [saving, setSaving] = useState(false);
  const changing = useAction(changeSearch);
  const kept = data?.items ?? [];
  const opened = kept.find(({ id }) => id === query.get(SAVED));
  const asked = { filter: keptOf(search), sort: (search.sort || null) as SearchBody["sort"] };
  const canSave = isNarrowed(search) || search.favorite;
  const open = (one: SearchOut) => void navigate(addressOf(one));
  const entries: MenuEntry[] = [
    ...kept.map((one): MenuEntry => ({
      label: one.name,
      icon: one.is_collection ? FolderSearchIcon : BookmarkIcon,
      onSelect: () => open(one),
    })),
    ...(kept.length > 0 ? [{ kind: "line" } as const] : []),
    {
      label: t(saveSearch.label),
      icon: saveSearch.icon,
      disabled: !canSave,
      onSelect: () => setSaving(true),
    },
    ...(opened && canSave
      ? [
          {
            label: t("gallery.saved.replace", { name: opened.name }),
            icon: SaveIcon,
            onSelect: () => changing.run({ id: opened.id, ...asked }),
          },
        ]
      : []),
  ];
  return (
    <>
      <Menu
        align="end"
        button={
          <IconButton label={t("gallery.saved")}>
            <BookmarkIcon fill={opened ? "currentColor" : "none"} />
          </IconButton>
        }
        entries={entries}
      />
      {saving && (
        <SearchDialog
          of={asked}
          onDone={(made) => {
            setSaving(false);
            open(made);
          }}
          onClose={() => setSaving(false)}
        />
      )}
    </>
  );
}

/** The gallery with what it asks for; where its controls cannot say that, the page of the search. */
export function addressOf({ id, filter, sort }: SearchOut): string {
  const search = searchOf(filter, sort);
  if (search === null) return `/gallery/searches/${id}`;
  return `/gallery?${writeSearch(new URLSearchParams({ [SAVED]: id }), search).toString()}`;
}
