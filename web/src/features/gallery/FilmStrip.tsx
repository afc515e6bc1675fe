/** The pictures before and after the one that is open. */
import { useEffect, useRef } from "react";

import type { Image } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { Thumbnail } from "@/entities/image/Thumbnail";
import { useI18n } from "@/i18n/useI18n";

import styles from "./FilmStrip.module.css";

interface FilmStripProps {
  images: readonly Image[];
  current: string;
  onShow: (id: string) => void;
  onBroken: () => void;
}

export function FilmStrip({ images, current, onShow, onBroken }: FilmStripProps) {
  const i18n = useI18n();
  const strip = useRef<HTMLElement>(null);
  useEffect(() => {
    const here = strip.current?.querySelector<HTMLElement>("[aria-current]");
    const { clientWidth = 0 } = strip.current ?? {};
    if (here && strip.current)
      strip.current.scrollLeft = here.offsetLeft - (clientWidth - here.clientWidth) / 2;
  }, [current, images]);
  return (
    <nav ref={strip} className={styles.strip} aria-label={i18n.t("gallery.strip")}>
      {images.map((image) => {
        const title = pictureTitle(image.generation_params, i18n);
        return (
          <button
            key={image.id}
            type="button"
            // The arrow keys go from one to the next wherever the focus is.
            tabIndex={-1}
            className={styles.one}
            aria-current={image.id === current || undefined}
            aria-label={title}
            onClick={() => onShow(image.id)}
          >
            <Thumbnail image={image} title="" onBroken={onBroken} />
          </button>
        );
      })}
    </nav>
  );
}
