import { useState } from "react";

import type { Image } from "@/api/types";
import { ActionIcon } from "@/entities/ActionControl";
import { deleteImage } from "@/entities/image/actions/deleteImage";
import { favoriteImage } from "@/entities/image/actions/favoriteImage";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { useI18n } from "@/i18n/useI18n";

import styles from "./Tile.module.css";

interface TileProps {
  image: Image;
  onOpen: () => void;
  onToggleFavorite: (image: Image) => void;
  onDelete: (image: Image) => void;
  /** Its signed address has run out: the list should be read again. */
  onBroken: () => void;
}

export function Tile({ image, onOpen, onToggleFavorite, onDelete, onBroken }: TileProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const title = pictureTitle(image.generation_params, i18n);
  const source = image.thumbnail_url ?? image.file_url;
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <li className={styles.tile} data-favorite={image.is_favorite || undefined}>
      <button
        type="button"
        className={styles.open}
        aria-label={t("picture.open", { prompt: title })}
        onClick={onOpen}
      >
        <img
          src={source}
          alt={title}
          loading="lazy"
          decoding="async"
          onError={() => {
            // Once for each address: a picture that is really gone must not be asked for without end.
            if (broken === source) return;
            setBroken(source);
            onBroken();
          }}
        />
      </button>
      <div className={styles.tools}>
        <ActionIcon
          action={favoriteImage}
          thing={image}
          onPress={onToggleFavorite}
          onPicture
          className={styles.star}
        />
        <ActionIcon
          action={deleteImage}
          thing={image}
          onPress={onDelete}
          onPicture
          className={styles.trash}
        />
      </div>
    </li>
  );
}
