/** A saved search among the collections: its newest picture, and no count, for nobody has counted. */
import { FolderSearchIcon } from "lucide-react";

import type { SearchOut } from "@/api/generated";
import { changeSearch } from "@/entities/search/actions/changeSearch";
import { deleteSearch } from "@/entities/search/actions/deleteSearch";
import { menuEntry, readyAction } from "@/entities/readyAction";
import { useI18n } from "@/i18n/useI18n";

import { Card } from "./Card";

interface SearchCardProps {
  search: SearchOut;
  onEdit: () => void;
  onDelete: () => void;
}

export function SearchCard({ search, onEdit, onDelete }: SearchCardProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const { id, name, cover_image_url } = search;
  return (
    <Card
      to={`/gallery/searches/${id}`}
      name={name}
      cover={cover_image_url}
      icon={FolderSearchIcon}
      entries={[
        ...readyAction(changeSearch, { id }, onEdit),
        ...readyAction(deleteSearch, search, onDelete),
      ].map((one) => menuEntry(one, i18n))}
    >
      <FolderSearchIcon size={14} />
      {t("collections.fills_itself")}
    </Card>
  );
}
