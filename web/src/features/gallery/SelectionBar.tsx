/** What can be done to the pictures that are chosen: to all of them or to none. */
import { EyeIcon, SquareStackIcon, StarIcon, StarOffIcon, TagIcon, Trash2Icon, XIcon } from "lucide-react";
import { useEffect, useState } from "react";

import { putInto } from "@/entities/collection/actions/putInto";
import { downloadMany, downloadManyPlain } from "@/entities/image/actions/downloadMany";
import { rateImage } from "@/entities/image/actions/rateImage";
import { VISIBILITIES } from "@/entities/image/actions/shareImage";
import { MOST_NAMED, MOST_PACKED } from "@/entities/image/downloadArchive";
import type { ManyChange, ManyImages } from "@/entities/image/many";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { isSomethingAbove } from "@/shortcuts/above";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";
import { Popover } from "@/ui/Popover";

import { ManyCollections } from "./ManyCollections";
import { ManyRating } from "./ManyRating";
import { ManyTags } from "./ManyTags";
import styles from "./SelectionBar.module.css";
import { countOf, type useChangeMany } from "@/entities/image/useChangeMany";
import { useTrashDays } from "./useTrashDays";

interface SelectionBarProps {
  images: ManyImages;
  /** How many match in all; null: nobody knows yet. */
  total: number | null;
  many: ReturnType<typeof useChangeMany>;
  onSelectAll: () => void;
  onClear: () => void;
  /** Side by side, where there are few enough. */
  onCompare: (() => void) | null;
}

export function SelectionBar({ images, total, many, onSelectAll, onClear, onCompare }: SelectionBarProps) {
  const { t, number } = useI18n();
  const [asking, setAsking] = useState(false);
  const count = countOf(images);
  const ids = "ids" in images ? images.ids : null;
  const change = (what: ManyChange) => many.change(images, what);
  const mostPacked = ids ? MOST_NAMED : MOST_PACKED;
  const trashDays = useTrashDays();
  const download = useAction(downloadMany);
  const downloadPlain = useAction(downloadManyPlain);
  const remove = () =>
    many.change(images, { action: "delete" }, () => {
      setAsking(false);
      onClear();
    });

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !isSomethingAbove()) onClear();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [onClear]);

  return (
    <section className={styles.bar} aria-label={t("gallery.selection")}>
      <IconButton label={t("gallery.clear")} onClick={onClear}>
        <XIcon />
      </IconButton>
      <p className={styles.count} role="status">
        {t("gallery.chosen", { n: count })}
      </p>
      {ids && total !== null && total > count && (
        <Button small look="quiet" onClick={onSelectAll}>
          {t("gallery.select_all", { n: number(total) })}
        </Button>
      )}
      <div className={styles.actions}>
        {onCompare && (
          <IconButton label={t("gallery.compare")} onClick={onCompare}>
            <SquareStackIcon />
          </IconButton>
        )}
        <Popover icon fixed side="top" label={t("gallery.tag_many")} button={<TagIcon />}>
          {(close) => <ManyTags change={change} close={close} />}
        </Popover>
        <IconButton
          label={t("gallery.favor_many")}
          disabled={many.busy}
          onClick={() => change({ action: "favorite" })}
        >
          <StarIcon />
        </IconButton>
        <IconButton
          label={t("gallery.unfavor_many")}
          disabled={many.busy}
          onClick={() => change({ action: "unfavorite" })}
        >
          <StarOffIcon />
        </IconButton>
        <Popover icon fixed side="top" label={t(rateImage.label)} button={<rateImage.icon />}>
          {(close) => <ManyRating change={change} close={close} />}
        </Popover>
        <Popover icon fixed side="top" label={t(putInto.label)} button={<putInto.icon />}>
          {(close) => <ManyCollections change={change} close={close} />}
        </Popover>
        <Menu
          align="end"
          button={
            <IconButton label={t("picture.visible_to")} disabled={many.busy}>
              <EyeIcon />
            </IconButton>
          }
          entries={VISIBILITIES.map((visibility) => ({
            label: t(`picture.visibility.${visibility}`),
            onSelect: () => change({ action: "set_visibility", visibility }),
          }))}
        />
        <Menu
          align="end"
          button={
            <IconButton
              label={
                count > mostPacked
                  ? t("gallery.download_too_many", { most: mostPacked, by: ids ? "hand" : "filter" })
                  : t(downloadMany.label)
              }
              disabled={count > mostPacked || download.busy || downloadPlain.busy}
            >
              <downloadMany.icon />
            </IconButton>
          }
          entries={[
            {
              label: t("gallery.download_whole"),
              icon: downloadMany.icon,
              onSelect: () => download.run(images),
            },
            {
              label: t(downloadManyPlain.label),
              icon: downloadManyPlain.icon,
              onSelect: () => downloadPlain.run(images),
            },
          ]}
        />
        <IconButton
          label={t("gallery.delete_many")}
          disabled={many.busy}
          // What was chosen by hand has been seen.
          onClick={() => (ids ? remove() : setAsking(true))}
        >
          <Trash2Icon />
        </IconButton>
      </div>
      {asking && (
        <ConfirmDialog
          title={t("gallery.delete_title", { n: count })}
          text={trashDays}
          action={t("gallery.delete_many")}
          busy={many.busy}
          onConfirm={remove}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}
