import { EllipsisIcon } from "lucide-react";
import type { DragEvent } from "react";

import type { Image } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { Thumbnail } from "@/entities/image/Thumbnail";
import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { Menu, type MenuEntry } from "@/ui/Menu";

import styles from "./OrderedTile.module.css";

interface OrderedTileProps {
  image: Image;
  /** 0 for the one tile that Tab leads to. */
  tabIndex: 0 | -1;
  /** On which side of it what is dragged would come to stand. */
  mark: "before" | "after" | null;
  entries: readonly MenuEntry[];
  onOpen: () => void;
  onBroken: () => void;
  onDragStart: () => void;
  onDragOver: (event: DragEvent) => void;
}

export function OrderedTile(props: OrderedTileProps) {
  const { image, tabIndex, mark, entries, onOpen, onBroken, onDragStart, onDragOver } = props;
  const i18n = useI18n();
  const { t } = i18n;
  const title = pictureTitle(image.generation_params, i18n);
  return (
    // Dragging is one way of three; the others are the grid's keys and the menu below.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className={styles.tile}
      data-mark={mark ?? undefined}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", image.id);
        onDragStart();
      }}
      onDragOver={onDragOver}
    >
      <button
        type="button"
        tabIndex={tabIndex}
        className={styles.open}
        aria-label={t("picture.open", { prompt: title })}
        aria-keyshortcuts="[ ]"
        onClick={onOpen}
      >
        <Thumbnail fills image={image} title={title} onBroken={onBroken} />
      </button>
      <div className={styles.tools}>
        <Menu
          align="end"
          entries={entries}
          button={
            <IconButton label={t("picture.more")} tabIndex={tabIndex} onPicture>
              <EllipsisIcon />
            </IconButton>
          }
        />
      </div>
    </div>
  );
}
