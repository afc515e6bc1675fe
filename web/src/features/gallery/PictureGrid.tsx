/** The pictures beside and below each other, however many there are, with one menu for whichever of them is pointed at. */
import { useState, type SyntheticEvent } from "react";

import type { Image } from "@/api/types";
import type { useImageActions } from "@/entities/image/useImageActions";
import { useI18n } from "@/i18n/useI18n";
import { ContextMenu } from "@/ui/Menu";
import { Failed, Loading } from "@/ui/States";
import { useMedia } from "@/ui/useMedia";
import { VirtualGrid } from "@/ui/VirtualGrid";

import styles from "./GalleryPage.module.css";
import { Tile } from "./Tile";

interface PictureGridProps {
  images: Image[];
  actions: ReturnType<typeof useImageActions>;
  /** More of them are on their way. */
  loading: boolean;
  /** Why they did not come. */
  failure: unknown;
  onOpen: (image: Image) => void;
  onNearEnd: () => void;
  /** A signed address has run out: the list should be read again. */
  onBroken: () => void;
}

export function PictureGrid(props: PictureGridProps) {
  const { images, actions, loading, failure, onOpen, onNearEnd, onBroken } = props;
  const { t } = useI18n();
  const small = useMedia("(max-width: 40rem)");
  const [pointedId, setPointedId] = useState<string | null>(null);
  // As the list has it now: what the menu does to it shows in the menu.
  const pointed = images.find(({ id }) => id === pointedId);
  const point = (event: SyntheticEvent) => {
    // The menu itself is inside for React; pressing it points at nothing else.
    if (!event.currentTarget.contains(event.target as Node)) return true;
    const index = (event.target as Element).closest<HTMLElement>("[data-index]")?.dataset.index;
    const image = index === undefined ? undefined : images[Number(index)];
    setPointedId(image?.id ?? null);
    return image !== undefined;
  };
  return (
    <>
      {/* It only looks which picture the menu below is asked for. */}
      <div
        className={styles.grid}
        onPointerDownCapture={point}
        onContextMenuCapture={(event) => {
          if (!point(event)) event.stopPropagation();
        }}
      >
        <ContextMenu entries={pointed ? actions.entriesOf(pointed) : []}>
          <VirtualGrid
            label={t("gallery.title")}
            items={images}
            getKey={({ id }) => id}
            minColumn={small ? 110 : 210}
            gap={small ? 4 : 12}
            onNearEnd={onNearEnd}
            onKeyDown={(event, image) => {
              if (actions.onKey(image, event)) event.preventDefault();
            }}
          >
            {(image, tabIndex) => (
              <Tile image={image} tabIndex={tabIndex} actions={actions} onOpen={onOpen} onBroken={onBroken} />
            )}
          </VirtualGrid>
        </ContextMenu>
      </div>
      {loading && <Loading label={t("gallery.loading")} />}
      {failure !== null && <Failed error={failure} onRetry={onNearEnd} />}
    </>
  );
}
