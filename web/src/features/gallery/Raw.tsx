/** Everything that is kept of how a picture was made, as it is kept. */
import type { Image } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";

import styles from "./Raw.module.css";

export function Raw({ image }: { image: Image }) {
  const { t } = useI18n();
  if (Object.keys(image.generation_params).length === 0) return null;
  return (
    <details className={styles.raw}>
      <summary>{t("gallery.raw")}</summary>
      {/* Scrolled by keys, it has to be gone to. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0}>{JSON.stringify(image.generation_params, null, 2)}</pre>
    </details>
  );
}
