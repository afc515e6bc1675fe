/** How the pictures are laid out, which come first, and the way into looking through them. */
import { GalleryThumbnailsIcon } from "lucide-react";

import { usePreferences, useSavePreferences } from "@/entities/user/preferences";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Segmented } from "@/ui/RadioGroup";

import { DENSITIES, type Density } from "./density";
import styles from "./GridBar.module.css";

const SORTS = ["newest", "oldest"] as const;
type Sort = (typeof SORTS)[number];

/** How somebody likes their gallery. */
export function useLayout(): { density: Density; sort: Sort } {
  const { density, sort } = usePreferences()?.gallery ?? {};
  return { density: density ?? "medium", sort: sort ?? "newest" };
}

interface GridBarProps {
  onReview: (() => void) | null;
  /** The list begins elsewhere now. */
  onSort: () => void;
}

export function GridBar({ onReview, onSort }: GridBarProps) {
  const { t } = useI18n();
  const { density, sort } = useLayout();
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
        label={t("gallery.sort")}
        value={sort}
        options={SORTS.map((value) => ({ value, label: t(`gallery.sort.${value}`) }))}
        onChange={(value) => {
          save({ gallery: { sort: value } });
          onSort();
        }}
      />
      <Segmented
        label={t("gallery.density")}
        value={density}
        options={DENSITIES.map((value) => ({ value, label: t(`gallery.density.${value}`) }))}
        onChange={(value) => save({ gallery: { density: value } })}
      />
    </div>
  );
}
