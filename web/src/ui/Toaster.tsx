import { Toast } from "@base-ui/react/toast";
import { CircleCheckIcon, TriangleAlertIcon, XIcon } from "lucide-react";

import { useI18n } from "@/i18n/useI18n";

import { iconButtonClass } from "./IconButton";
import { cx } from "./cx";
import { ProgressBar } from "./Progress";
import styles from "./Toaster.module.css";
import { toasts, type ToastData } from "./toasts";

/** Where notices appear. F6 goes to them. */
export function Toaster() {
  const { t } = useI18n();
  return (
    <Toast.Provider toastManager={toasts} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className={styles.place} aria-label={t("app.notices")}>
          <Notices />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function Notices() {
  const { t } = useI18n();
  const shown = Toast.useToastManager<ToastData>();
  return shown.toasts.map((notice) => {
    const { tone = "info", progress, action } = notice.data ?? {};
    return (
      <Toast.Root key={notice.id} toast={notice} swipeDirection={["right", "down"]} className={styles.toast}>
        <Toast.Content className={styles.content}>
          {tone === "bad" && <TriangleAlertIcon className={styles.bad} />}
          {tone === "good" && <CircleCheckIcon className={styles.good} />}
          {/* What it says is its name: a notice is a small dialog for those who go to it. */}
          <Toast.Title render={<p />} className={styles.words}>
            {notice.description}
          </Toast.Title>
          {action && (
            <Toast.Action
              className={styles.action}
              onClick={() => {
                action.onPress();
                shown.close(notice.id);
              }}
            >
              {action.label}
            </Toast.Action>
          )}
          {/* The library hides it from those who are read to until the notices are gone to; the keyboard reaches it always. */}
          <Toast.Close
            aria-hidden={false}
            aria-label={t("action.dismiss")}
            className={cx(iconButtonClass(), styles.close)}
          >
            <XIcon size={16} />
          </Toast.Close>
          {progress !== undefined && (
            <ProgressBar label={t("app.progress")} value={progress} className={styles.progress} />
          )}
        </Toast.Content>
      </Toast.Root>
    );
  });
}
