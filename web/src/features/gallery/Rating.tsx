/** What its owner thinks of the picture that is open. What is chosen is kept at once. */
import type { Image } from "@/api/types";
import { RATINGS, rateImage } from "@/entities/image/actions/rateImage";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Segmented } from "@/ui/RadioGroup";

import styles from "./Facts.module.css";

export function Rating({ image }: { image: Image }) {
  const { t } = useI18n();
  const { run } = useAction(rateImage);
  return (
    <div className={styles.words}>
      <h2>{t(rateImage.label)}</h2>
      <Segmented
        label={t(rateImage.label)}
        value={String(image.rating)}
        options={RATINGS.map((rating) => ({
          value: String(rating),
          label: rating === 0 ? "–" : `${rating}★`,
          title: rating === 0 ? t("picture.rating.none") : t("picture.rating.stars", { n: rating }),
        }))}
        onChange={(value) => run({ image, rating: Number(value) })}
      />
    </div>
  );
}
