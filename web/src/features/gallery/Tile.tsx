import { CheckIcon, EllipsisIcon, StarIcon } from "lucide-react";
import { memo, useState, type MouseEvent } from "react";

import type { Image } from "@/api/types";
import { ActionIcon } from "@/entities/ActionControl";
import { favoriteImage } from "@/entities/image/actions/favoriteImage";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { Thumbnail } from "@/entities/image/Thumbnail";
import type { useImageActions } from "@/entities/image/useImageActions";
import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";

import styles from "./Tile.module.css";

interface TileProps {
  image: Image;
  /** 0 for the one tile that Tab leads to. */
  tabIndex: 0 | -1;
  chosen: boolean;
  /** Some are chosen: a press chooses, too. */
  choosing: boolean;
  actions: ReturnType<typeof useImageActions>;
  onPress: (image: Image, event: MouseEvent) => void;
  onChoose: (image: Image, event: MouseEvent) => void;
  /** Its signed address has run out: the list should be read again. */
  onBroken: () => void;
}

/** Of those that scroll by, only what is new is drawn. */
export const Tile = memo(function Tile(props: TileProps) {
  const { image, tabIndex, chosen, choosing, actions, onPress, onChoose, onBroken } = props;
  const i18n = useI18n();
  const { t } = i18n;
  const title = pictureTitle(image.generation_params, i18n);
  const [pointedAt, setPointedAt] = useState(false);
  // Its controls are there for who points at it or comes by keyboard; of thousands that scroll by, nobody needs them.
  const tools = pointedAt || tabIndex === 0;
  return (
    <div
      className={styles.tile}
      data-chosen={chosen || undefined}
      onPointerEnter={(event) => setPointedAt(event.pointerType === "mouse")}
      onPointerLeave={() => setPointedAt(false)}
    >
      <button
        type="button"
        data-open
        tabIndex={tabIndex}
        className={styles.open}
        aria-label={t("picture.open", { prompt: title })}
        aria-pressed={choosing ? chosen : undefined}
        onClick={(event) => onPress(image, event)}
      >
        <Thumbnail fills image={image} title={title} onBroken={onBroken} />
      </button>
      {(tools || choosing) && (
        <IconButton
          label={t(chosen ? "gallery.unchoose" : "gallery.choose")}
          tabIndex={tabIndex}
          aria-pressed={chosen}
          className={styles.check}
          data-shown={choosing || undefined}
          onClick={(event) => onChoose(image, event)}
        >
          {chosen ? <CheckIcon size={16} /> : <span />}
        </IconButton>
      )}
      {image.is_favorite && <StarIcon size={18} fill="currentColor" className={styles.mark} />}
      {tools && !choosing && (
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
