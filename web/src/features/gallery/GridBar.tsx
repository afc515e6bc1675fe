/** How the pictures are laid out, and the way into looking through them. */
import { GalleryThumbnailsIcon } from "lucide-react";

import { usePreferences, useSavePreferences } from "@/entities/user/preferences";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import type { MenuEntry } from "@/ui/Menu";
import { Segmented } from "@/ui/RadioGroup";

import { DENSITIES, type Density } from "./density";
import styles from "./GridBar.module.css";

/** How somebody likes their gallery. */
export function useLayout(): { density: Density; sort: "newest" | "oldest" } {
  const { density, sort } = usePreferences()?.gallery ?? {};
  return { density: density ?? "medium", sort: sort ?? "newest" };
}

/** The same as entries of a menu, where there is no room for a bar. */
export function useLayoutEntries(onReview: (() => void) | null): MenuEntry[] {
  const { t } = useI18n();
  const { density } = useLayout();
  const { save } = useSavePreferences();
  return [
    {
      label: t("gallery.review"),
      icon: GalleryThumbnailsIcon,
      disabled: onReview === null,
      onSelect: () => onReview?.(),
    },
    {
      kind: "group",
      label: t("gallery.density"),
      entries: DENSITIES.map((value) => ({
        kind: "check",
        label: t(`gallery.density.${value}`),
        checked: value === density,
        onChange: () => save({ gallery: { density: value } }),
      })),
    },
    { kind: "line" },
  ];
}

interface GridBarProps {
  onReview: () => void;
}

export function GridBar({ onReview }: GridBarProps) {
  const { t } = useI18n();
  const { density } = useLayout();
  const { save } = useSavePreferences();
  return (
    <div className={styles.bar}>
      <Button small look="quiet" onClick={onReview}>
        <GalleryThumbnailsIcon />
        {t("gallery.review")}
      </Button>
      <Segmented
        label={t("gallery.density")}
        value={density}
        options={DENSITIES.map((value) => ({ value, label: t(`gallery.density.${value}`) }))}
        onChange={(value) => save({ gallery: { density: value } })}
      />
    </div>
  );
}
