import { useSyncExternalStore } from "react";

import { useI18n } from "@/i18n/useI18n";

import { IconButton } from "./Button";
import { cx } from "./cx";
import { CheckIcon, CloseIcon, WarningIcon } from "./icons";
import { dismiss, onToasts, readToasts } from "./toasts";
import styles from "./Toaster.module.css";

export function Toaster() {
  const { t } = useI18n();
  const toasts = useSyncExternalStore(onToasts, readToasts);
  return (
    <div className={styles.place} role="status" aria-live="polite">
      {toasts.map(({ id, text, tone }) => (
        <div key={id} className={cx(styles.toast, styles[tone])}>
          {tone === "bad" ? <WarningIcon /> : tone === "good" ? <CheckIcon /> : null}
          <p>{text}</p>
          <IconButton label={t("action.dismiss")} onClick={() => dismiss(id)}>
            <CloseIcon size={16} />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
