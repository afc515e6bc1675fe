/** What came of going through pictures, and the one question whether what was rejected is to be deleted. */
import { Undo2Icon } from "lucide-react";

import { pictureTitle } from "@/entities/image/pictureTitle";
import type { Place } from "@/entities/image/places";
import { Thumbnail } from "@/entities/image/Thumbnail";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";

import styles from "./Review.module.css";
import { useTrashDays } from "./useTrashDays";
import { withVerdict, type Verdicts } from "./verdicts";

interface ReviewSummaryProps {
  places: readonly Place[];
  verdicts: Verdicts;
  busy: boolean;
  onTakeBack: (id: string) => void;
  onDelete: (ids: readonly string[]) => void;
  onGoOn: () => void;
  onClose: () => void;
  onBroken: () => void;
}

export function ReviewSummary(props: ReviewSummaryProps) {
  const { places, verdicts, busy, onTakeBack, onDelete, onGoOn, onClose, onBroken } = props;
  const i18n = useI18n();
  const { t } = i18n;
  const trashDays = useTrashDays();
  const kept = withVerdict(verdicts, "kept");
  const rejected = withVerdict(verdicts, "rejected");
  const shown = places.filter(({ id }) => verdicts.get(id) === "rejected");
  return (
    <div className={styles.summary}>
      <h2>{t("gallery.review_done")}</h2>
      <p>{t("gallery.review_counts", { kept: kept.length, rejected: rejected.length })}</p>
      {rejected.length > 0 && (
        <>
          <ul className={styles.rejects}>
            {shown.map(({ id, image }) => (
              <li key={id}>
                {image && (
                  <Thumbnail
                    image={image}
                    title={pictureTitle(image.generation_params, i18n)}
                    onBroken={onBroken}
                  />
                )}
                <IconButton
                  onPicture
                  label={t("gallery.take_back")}
                  className={styles.back}
                  onClick={() => onTakeBack(id)}
                >
                  <Undo2Icon />
                </IconButton>
              </li>
            ))}
          </ul>
          <p>{trashDays}</p>
        </>
      )}
      <div className={styles.actions}>
        <Button look="quiet" onClick={onGoOn}>
          {t("gallery.review_go_on")}
        </Button>
        <Button onClick={onClose}>{t(rejected.length > 0 ? "gallery.delete_none" : "action.close")}</Button>
        {rejected.length > 0 && (
          <Button look="danger" busy={busy} onClick={() => onDelete(rejected)}>
            {t("gallery.delete_rejected", { n: rejected.length })}
          </Button>
        )}
      </div>
    </div>
  );
}
