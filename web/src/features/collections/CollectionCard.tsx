import { EllipsisIcon, FolderIcon, GlobeIcon } from "lucide-react";
import { Link } from "react-router";

import type { Collection } from "@/api/types";
import { changeFacts } from "@/entities/collection/actions/changeFacts";
import { copyCollectionLink } from "@/entities/collection/actions/copyCollectionLink";
import { deleteCollection } from "@/entities/collection/actions/deleteCollection";
import { menuEntry, readyAction } from "@/entities/readyAction";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";

import styles from "./CollectionCard.module.css";

interface CollectionCardProps {
  collection: Collection;
  onEdit: () => void;
  onDelete: () => void;
}

export function CollectionCard({ collection, onEdit, onDelete }: CollectionCardProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const { id, name, visibility, image_count, cover_image_url } = collection;
  const copying = useAction(copyCollectionLink);
  return (
    <li className={styles.card}>
      <Link to={`/collections/${id}`} className={styles.link}>
        <span className={styles.cover}>
          {cover_image_url ? (
            <img src={cover_image_url} alt="" loading="lazy" decoding="async" />
          ) : (
            <FolderIcon size={36} />
          )}
        </span>
        <span className={styles.name}>{name}</span>
        <span className={styles.count}>
          {t("collection.images", { n: image_count })}
          {visibility === "public" && (
            <>
              <GlobeIcon size={14} />
              {t("collections.public")}
            </>
          )}
        </span>
      </Link>
      <div className={styles.menu}>
        <Menu
          align="end"
          entries={[
            ...readyAction(changeFacts, { ...collection }, onEdit),
            ...readyAction(copyCollectionLink, collection, () => copying.run(collection)),
            ...readyAction(deleteCollection, collection, onDelete),
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
