/** A question that has to be answered before anything else goes on. */
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { useRef } from "react";

import { useI18n } from "@/i18n/useI18n";

import { Button, type ButtonLook } from "./Button";
import { cx } from "./cx";
import { DialogActions } from "./Dialog";
import styles from "./Dialog.module.css";

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  look?: ButtonLook;
  busy?: boolean;
  open?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmDialog(props: ConfirmProps) {
  const { title, text, action, look = "danger", busy, open = true, onConfirm, onClose } = props;
  const { t } = useI18n();
  const keep = useRef<HTMLButtonElement>(null);
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles.backdrop} />
        <AlertDialog.Viewport className={styles.viewport}>
          {/* A stray Enter does no harm: the focus begins at what changes nothing. */}
          <AlertDialog.Popup initialFocus={keep} className={cx(styles.dialog, styles.card, styles.confirm)}>
            <AlertDialog.Title className={styles.title}>{title}</AlertDialog.Title>
            <AlertDialog.Description className={styles.text}>{text}</AlertDialog.Description>
            <DialogActions>
              <Button ref={keep} look="quiet" onClick={onClose}>
                {t("action.keep")}
              </Button>
              <Button look={look} busy={busy} onClick={onConfirm}>
                {action}
              </Button>
            </DialogActions>
          </AlertDialog.Popup>
        </AlertDialog.Viewport>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
