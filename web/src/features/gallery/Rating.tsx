/** What its owner thinks of the picture that is open. What is chosen is kept at once. */
import type { Image } from "@/api/types";
import { rateImage } from "@/entities/image/actions/rateImage";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Segmented } from "@/ui/RadioGroup";

import styles from "./Facts.module.css";
import { starsIn } from "./stars";

export function Rating({ image }: { image: Image }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { run } = useAction(rateImage);
  return (
    <div className={styles.words}>
      <h2>{t(rateImage.label)}</h2>
      <Segmented
        label={t(rateImage.label)}
        value={String(image.rating)}
        options={starsIn(i18n).map(({ rating, ...said }) => ({ value: String(rating), ...said }))}
        onChange={(value) => run({ image, rating: Number(value) })}
      />
    </div>
  );
}
