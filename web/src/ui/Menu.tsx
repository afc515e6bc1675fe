/** A button that opens a small panel; Escape and a click elsewhere close it. */
import { useEffect, useId, useRef, useState, type ReactNode } from "react";

import { cx } from "./cx";
import styles from "./Menu.module.css";

interface MenuProps {
  label: string;
  /** As small as the text of a label beside it. */
  small?: boolean;
  button: ReactNode;
  children: (close: () => void) => ReactNode;
}

export function Menu({ label, small, button, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    const onElsewhere = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      opener.current?.focus();
    };
    document.addEventListener("pointerdown", onElsewhere);
    document.addEventListener("focusin", onElsewhere);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onElsewhere);
      document.removeEventListener("focusin", onElsewhere);
      document.removeEventListener("keydown", onKey);
    };
  }, [open]);

  return (
    <div className={styles.root} ref={root}>
      <button
        ref={opener}
        type="button"
        className={cx(styles.opener, small && styles.small)}
        aria-label={label}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <div id={id} className={styles.panel}>
          {children(() => setOpen(false))}
        </div>
      )}
    </div>
  );
}
