/** A saved search among the collections: its newest picture, and no count, for nobody has counted. */
import { EllipsisIcon, FolderSearchIcon } from "lucide-react";
import { Link } from "react-router";

import type { SearchOut } from "@/api/generated";
import { changeSearch } from "@/entities/search/actions/changeSearch";
import { deleteSearch } from "@/entities/search/actions/deleteSearch";
import { menuEntry, readyAction } from "@/entities/readyAction";
import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";

import styles from "./CollectionCard.module.css";

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
    <li className={styles.card}>
      <Link to={`/gallery/searches/${id}`} className={styles.link}>
        <span className={styles.cover}>
          {cover_image_url ? (
            <img src={cover_image_url} alt="" loading="lazy" decoding="async" />
          ) : (
            <FolderSearchIcon size={36} />
          )}
        </span>
        <span className={styles.name}>{name}</span>
        <span className={styles.count}>
          <FolderSearchIcon size={14} />
          {t("collections.fills_itself")}
        </span>
      </Link>
      <div className={styles.menu}>
        <Menu
          align="end"
          entries={[
            ...readyAction(changeSearch, { id }, onEdit),
            ...readyAction(deleteSearch, search, onDelete),
          ].map((one) => menuEntry(one, i18n))}
          button={
            <IconButton label={t("collections.more", { name })} onPicture>
              <EllipsisIcon />
            </IconButton>
          }
        />
      </div>
    </li>
  );
}
