/** Modal dialogs on the browser's own <dialog>: Escape, the inert page behind and the returned focus come with it. */
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from "react";

import { useI18n } from "@/i18n/useI18n";

import { Button, type ButtonLook } from "./Button";
import { cx } from "./cx";
import styles from "./Dialog.module.css";

interface DialogProps {
  label: string;
  onClose: () => void;
  onKeyDown?: (event: KeyboardEvent<HTMLDialogElement>) => void;
  full?: boolean;
  children: ReactNode;
}

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), textarea, select, summary, [tabindex="0"]';

export function Dialog({ label, onClose, onKeyDown, full, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  // When what had the focus goes away (the arrow at the last picture), keys would go nowhere. Before the paint, so that
  // no key comes in between.
  useLayoutEffect(() => {
    if (document.activeElement === document.body) ref.current?.focus();
  });

  return (
    // The keys and clicks here are shortcuts: Escape and buttons inside do the same.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={ref}
      tabIndex={-1}
      aria-label={label}
      className={cx(styles.dialog, full ? styles.full : styles.card)}
      onCancel={(event) => {
        event.preventDefault();
        // A dialog opened above this one bubbles its own cancel through React.
        if (event.target === ref.current) onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
      onKeyDown={(event) => {
        if (event.key === "Tab" && ref.current) keepFocusInside(event, ref.current);
        onKeyDown?.(event);
      }}
    >
      {children}
    </dialog>
  );
}

/** Tab goes round inside the dialog instead of leaving for the browser's own controls. */
function keepFocusInside(event: KeyboardEvent, dialog: HTMLElement): void {
  const stops = [...dialog.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (element) =>
      element.tabIndex >= 0 && element.closest("dialog") === dialog && element.offsetParent !== null,
  );
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  const other = event.shiftKey ? stops.at(-1) : stops[0];
  if (document.activeElement === edge || !dialog.contains(document.activeElement)) {
    event.preventDefault();
    other?.focus();
  }
}

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  look?: ButtonLook;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmDialog({
  title,
  text,
  action,
  look = "danger",
  busy,
  onConfirm,
  onClose,
}: ConfirmProps) {
  const { t } = useI18n();
  return (
    <Dialog label={title} onClose={onClose} onKeyDown={(event) => event.stopPropagation()}>
      <div className={styles.confirm}>
        <h2>{title}</h2>
        <p>{text}</p>
        <div className={styles.actions}>
          {/* First, so that it has the focus: a stray Enter does no harm. */}
          <Button look="quiet" onClick={onClose}>
            {t("action.keep")}
          </Button>
          <Button look={look} busy={busy} onClick={onConfirm}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
