/** How the pictures are laid out, and the way into looking through them. */
import { GalleryThumbnailsIcon } from "lucide-react";

import { usePreferences, useSavePreferences } from "@/entities/user/preferences";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Segmented } from "@/ui/RadioGroup";

import { DENSITIES, type Density } from "./density";
import styles from "./GridBar.module.css";

/** How somebody likes their gallery. */
export function useLayout(): { density: Density; sort: "newest" | "oldest" } {
  const { density, sort } = usePreferences()?.gallery ?? {};
  return { density: density ?? "medium", sort: sort ?? "newest" };
}

interface GridBarProps {
  onReview: (() => void) | null;
}

export function GridBar({ onReview }: GridBarProps) {
  const { t } = useI18n();
  const { density } = useLayout();
  const { save } = useSavePreferences();
  return (
    <div className={styles.bar}>
      {onReview && (
        <Button small look="quiet" onClick={onReview}>
          <GalleryThumbnailsIcon />
          {t("gallery.review")}
        </Button>
      )}
      <Segmented
        label={t("gallery.density")}
        value={density}
        options={DENSITIES.map((value) => ({ value, label: t(`gallery.density.${value}`) }))}
        onChange={(value) => save({ gallery: { density: value } })}
      />
    </div>
  );
}
