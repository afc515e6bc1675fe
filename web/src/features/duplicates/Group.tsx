/** Pictures that are one too many, side by side: one of them stays. */
import { StarIcon, Trash2Icon } from "lucide-react";

import type { DuplicatesOut } from "@/api/generated";
import type { Image } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { Thumbnail } from "@/entities/image/Thumbnail";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";

import styles from "./Group.module.css";

interface GroupProps {
  group: DuplicatesOut;
  label: string;
  /** The id of the one that stays. */
  kept: string;
  busy: boolean;
  onKeep: (id: string) => void;
  onTrash: (ids: string[]) => void;
  onBroken: () => void;
}

export function Group({ group, label, kept, busy, onKeep, onTrash, onBroken }: GroupProps) {
  const { t, bytes } = useI18n();
  const { images, count, freed_bytes } = group;
  const others = images.filter(({ id }) => id !== kept).map(({ id }) => id);
  return (
    <fieldset className={styles.group}>
      <legend className="visually-hidden">{label}</legend>
      <div className={styles.line}>
        <h2 className={styles.title}>
          {t("duplicates.group", { n: count })}{" "}
          <span className={styles.said}>{t("duplicates.frees", { size: bytes(freed_bytes) })}</span>
        </h2>
        <Button small disabled={busy} onClick={() => onTrash(others)}>
          <Trash2Icon />
          {t("duplicates.in_trash")}
        </Button>
      </div>
      <div className={styles.tiles}>
        {images.map((image, place) => (
          <Choice
            key={image.id}
            image={image}
            place={place}
            group={group.keep}
            isKept={image.id === kept}
            onKeep={onKeep}
            onBroken={onBroken}
          />
        ))}
      </div>
      {count > images.length && (
        <p className={styles.said}>{t("duplicates.more", { n: count - images.length })}</p>
      )}
    </fieldset>
  );
}

interface ChoiceProps {
  image: Image;
  place: number;
  group: string;
  isKept: boolean;
  onKeep: (id: string) => void;
  onBroken: () => void;
}

function Choice({ image, place, group, isKept, onKeep, onBroken }: ChoiceProps) {
  const i18n = useI18n();
  const { t, bytes, date } = i18n;
  const { id, width, height, file_size, created_at, is_favorite, rating } = image;
  const fact = t("duplicates.fact", { width, height, size: bytes(file_size) });
  const made = date(created_at);
  return (
    <label className={styles.tile} data-kept={isKept || undefined}>
      <Thumbnail
        image={image}
        title={pictureTitle(image.generation_params, i18n)}
        fills
        onBroken={onBroken}
      />
      <span className={styles.choice}>
        <input
          type="radio"
          name={group}
          checked={isKept}
          aria-label={t("duplicates.what", { n: place + 1, fact, day: made })}
          onChange={() => onKeep(id)}
        />
        {isKept && <strong>{t("duplicates.stays")}</strong>}
        {is_favorite && <StarIcon size={14} fill="currentColor" aria-label={t("picture.favorite")} />}
        {rating > 0 && <span>{t("picture.rating.stars", { n: rating })}</span>}
      </span>
      <span className={styles.said}>{fact}</span>
      <span className={styles.said}>{made}</span>
    </label>
  );
}
