/** A button, and what it opens: beside it on a wide screen, from below on a phone, where there is no beside. */
import { Popover as Base } from "@base-ui/react/popover";
import type { ReactNode } from "react";

import { iconButtonClass } from "./IconButton";
import { cx } from "./cx";
import { Drawer } from "./Drawer";
import styles from "./Panel.module.css";
import popup from "./Popup.module.css";
import { PHONE, useMedia } from "./useMedia";

interface PanelProps {
  /** The name of the button; with what its mark says, for those who do not see it. */
  label: string;
  title: string;
  icon: ReactNode;
  /** A small number at the button. */
  mark?: string | null;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Beside the title. */
  aside?: ReactNode;
  children: ReactNode;
}

export function Panel(props: PanelProps) {
  const { label, title, icon, mark, open, onOpenChange, aside, children } = props;
  const onAPhone = useMedia(PHONE);
  const face = (
    <>
      {icon}
      {mark && (
        <span className={styles.mark} aria-hidden="true">
          {mark}
        </span>
      )}
    </>
  );
  const look = cx(iconButtonClass(), styles.button);
  if (onAPhone) {
    return (
      <>
        <button
          type="button"
          aria-label={label}
          title={title}
          aria-haspopup="dialog"
          aria-expanded={open}
          className={look}
          onClick={() => onOpenChange(true)}
        >
          {face}
        </button>
        <Drawer side="bottom" title={title} open={open} onClose={() => onOpenChange(false)}>
          {aside && <div className={styles.below}>{aside}</div>}
          {children}
        </Drawer>
      </>
    );
  }
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Trigger aria-label={label} title={title} className={look}>
        {face}
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner align="end" sideOffset={8} positionMethod="fixed" className={popup.positioner}>
          <Base.Popup className={cx(popup.popup, styles.panel)}>
            <div className={styles.head}>
              <Base.Title className={styles.title}>{title}</Base.Title>
              {aside}
            </div>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
