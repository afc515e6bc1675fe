import { EllipsisIcon, StarIcon } from "lucide-react";
import { memo, useState } from "react";

import type { Image } from "@/api/types";
import { ActionIcon } from "@/entities/ActionControl";
import { favoriteImage } from "@/entities/image/actions/favoriteImage";
import { pictureTitle } from "@/entities/image/pictureTitle";
import type { useImageActions } from "@/entities/image/useImageActions";
import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";

import styles from "./Tile.module.css";

interface TileProps {
  image: Image;
  /** 0 for the one tile that Tab leads to. */
  tabIndex: 0 | -1;
  actions: ReturnType<typeof useImageActions>;
  onOpen: (image: Image) => void;
  /** Its signed address has run out: the list should be read again. */
  onBroken: () => void;
}

/** Of those that scroll by, only what is new is drawn. */
export const Tile = memo(function Tile({ image, tabIndex, actions, onOpen, onBroken }: TileProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const title = pictureTitle(image.generation_params, i18n);
  const source = image.thumbnail_url ?? image.file_url;
  const [broken, setBroken] = useState<string | null>(null);
  const [pointedAt, setPointedAt] = useState(false);
  // Its controls are there for who points at it or comes by keyboard; of thousands that scroll by, nobody needs them.
  const tools = pointedAt || tabIndex === 0;
  return (
    <div
      className={styles.tile}
      onPointerEnter={(event) => setPointedAt(event.pointerType === "mouse")}
      onPointerLeave={() => setPointedAt(false)}
    >
      <button
        type="button"
        tabIndex={tabIndex}
        className={styles.open}
        aria-label={t("picture.open", { prompt: title })}
        onClick={() => onOpen(image)}
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
      {image.is_favorite && <StarIcon size={18} fill="currentColor" className={styles.mark} />}
      {tools && (
        <div className={styles.tools}>
          <ActionIcon
            action={favoriteImage}
            thing={image}
            tabIndex={tabIndex}
            onPress={actions.favorite}
            onPicture
          />
          <Menu
            align="end"
            entries={actions.entriesOf(image)}
            button={
              <IconButton label={t("picture.more")} tabIndex={tabIndex} onPicture>
                <EllipsisIcon />
              </IconButton>
            }
          />
        </div>
      )}
    </div>
  );
});
