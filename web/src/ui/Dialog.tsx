/** Modal dialogs: what is behind is out of reach, Escape and a click beside close them, the focus goes back. */
import { Dialog as Base } from "@base-ui/react/dialog";
import { XIcon } from "lucide-react";
import { useRef, type KeyboardEvent, type ReactNode } from "react";

import { useI18n } from "@/i18n/useI18n";

import { IconButton } from "./IconButton";
import { cx } from "./cx";
import styles from "./Dialog.module.css";

interface DialogProps {
  /** Its name; shown as a heading above the content where `headed`. */
  label: string;
  headed?: boolean;
  text?: string;
  open?: boolean;
  onClose: () => void;
  onKeyDown?: (event: KeyboardEvent<HTMLDivElement>) => void;
  full?: boolean;
  /** Without room around the content. */
  bare?: boolean;
  /** Near the top, where what grows and shrinks does not move what is typed into. */
  high?: boolean;
  /** There is nothing in it but words: the focus begins at the whole of it. */
  forReading?: boolean;
  children: ReactNode;
}

export function Dialog(props: DialogProps) {
  const {
    label,
    headed,
    text,
    open = true,
    onClose,
    onKeyDown,
    full,
    bare,
    high,
    forReading,
    children,
  } = props;
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Viewport className={cx(styles.viewport, high && styles.high)}>
          <Base.Popup
            ref={popup}
            aria-label={headed ? undefined : label}
            className={cx(styles.dialog, full ? styles.full : styles.card)}
            // The keys of a full page of content are its own until somebody goes to a control.
            initialFocus={full || forReading ? popup : undefined}
            onKeyDown={(event) => {
              // What is opened above this one is inside it for React; its keys are not for here.
              if (event.currentTarget.contains(event.target as Node)) onKeyDown?.(event);
            }}
          >
            {headed && (
              <header className={styles.head}>
                <Base.Title className={styles.title}>{label}</Base.Title>
                {text && <Base.Description className={styles.text}>{text}</Base.Description>}
              </header>
            )}
            {full || bare ? children : <div className={styles.body}>{children}</div>}
            {headed && <CloseButton onClose={onClose} />}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}

/** Last, so that the focus begins at what the dialog is for. */
export function CloseButton({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  return (
    <IconButton label={t("action.close")} onClick={onClose} className={styles.close}>
      <XIcon />
    </IconButton>
  );
}

/** The buttons at the end of a dialog or drawer. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}
