/** Two to four pictures side by side, looked at as near as each other. */
import { useState } from "react";
import { XIcon } from "lucide-react";

import type { Image } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { useI18n } from "@/i18n/useI18n";
import { shortcutOf } from "@/shortcuts/shortcut";
import { Dialog } from "@/ui/Dialog";
import { IconButton } from "@/ui/IconButton";

import styles from "./Compare.module.css";
import { ZOOM } from "./shortcuts";
import { FIT } from "./zoom";
import { keyView, Zoomable } from "./Zoomable";

export const MOST_COMPARED = 4;

export function Compare({ images, onClose }: { images: readonly Image[]; onClose: () => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const [view, setView] = useState(FIT);
  return (
    <Dialog
      full
      label={t("gallery.compare")}
      onClose={onClose}
      onKeyDown={(event) => {
        const pressed = shortcutOf(Object.values(ZOOM), event, null);
        if (!pressed) return;
        event.preventDefault();
        setView(keyView(view, pressed.to, event.currentTarget, images[0]?.width ?? 0));
      }}
    >
      <div className={styles.compare} data-count={images.length}>
        {images.map((image) => {
          const title = pictureTitle(image.generation_params, i18n);
          return (
            <figure key={image.id} className={styles.one}>
              <Zoomable image={image} title={title} view={view} onView={setView} />
              <figcaption>{title}</figcaption>
            </figure>
          );
        })}
        <IconButton label={t("action.close")} onPicture className={styles.close} onClick={onClose}>
          <XIcon />
        </IconButton>
      </div>
    </Dialog>
  );
}
