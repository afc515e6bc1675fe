import type { Image } from "@/api/types";
import { ActionIcon } from "@/entities/ActionControl";
import { deleteForGood } from "@/entities/image/actions/deleteForGood";
import { restoreImage } from "@/entities/image/actions/restoreImage";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { daysLeft } from "@/entities/image/trash";
import { useI18n } from "@/i18n/useI18n";

import styles from "./TrashTile.module.css";

interface TrashTileProps {
  image: Image;
  /** How long the trash keeps pictures; null until that is known. */
  keepDays: number | null;
  /** 0 for the one tile that Tab leads to. */
  tabIndex: 0 | -1;
  onRestore: (image: Image) => void;
  onDelete: (image: Image) => void;
}

export function TrashTile({ image, keepDays, tabIndex, onRestore, onDelete }: TrashTileProps) {
  const i18n = useI18n();
  const left = keepDays === null || image.trashed_at === null ? null : daysLeft(image.trashed_at, keepDays);
  return (
    <figure className={styles.tile}>
      <img
        src={image.thumbnail_url ?? image.file_url}
        alt={pictureTitle(image.generation_params, i18n)}
        loading="lazy"
        decoding="async"
      />
      <figcaption className={styles.foot}>
        {left !== null && <span className={styles.left}>{i18n.t("trash.days_left", { n: left })}</span>}
        <span className={styles.actions}>
          <ActionIcon action={restoreImage} thing={image} withKeys tabIndex={tabIndex} onPress={onRestore} />
          <ActionIcon action={deleteForGood} thing={image} withKeys tabIndex={tabIndex} onPress={onDelete} />
        </span>
      </figcaption>
    </figure>
  );
}
