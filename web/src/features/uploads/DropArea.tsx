import { UploadIcon } from "lucide-react";

import { useI18n } from "@/i18n/useI18n";

import styles from "./Uploads.module.css";

/** Above the whole page while files are held above it. What is dropped on it falls through to the window. */
export function DropArea() {
  const { t } = useI18n();
  return (
    <div className={styles.drop}>
      <div className={styles.target}>
        <UploadIcon size={32} />
        <p className={styles.big}>{t("uploads.drop_title")}</p>
        <p>{t("uploads.drop_text")}</p>
      </div>
    </div>
  );
}
