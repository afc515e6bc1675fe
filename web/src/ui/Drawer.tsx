/** A panel from the edge of the screen: settings on a phone from below, details on a wide screen from the side. */
import { Drawer as Base } from "@base-ui/react/drawer";
import type { ReactNode } from "react";

import { CloseButton } from "./Dialog";
import dialog from "./Dialog.module.css";
import styles from "./Drawer.module.css";

const SWIPE = { right: "right", left: "left", bottom: "down" } as const;

interface DrawerProps {
  title: string;
  text?: string;
  side?: keyof typeof SWIPE;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}

export function Drawer({ title, text, side = "right", open, onClose, children }: DrawerProps) {
  return (
    <Base.Root open={open} swipeDirection={SWIPE[side]} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={dialog.backdrop} />
        <Base.Viewport className={styles.viewport} data-from={side}>
          <Base.Popup className={styles.drawer} data-from={side}>
            {side === "bottom" && <span className={styles.handle} aria-hidden="true" />}
            <header className={dialog.head}>
              <Base.Title className={dialog.title}>{title}</Base.Title>
              {text && <Base.Description className={dialog.text}>{text}</Base.Description>}
            </header>
            <Base.Content className={dialog.body}>{children}</Base.Content>
            <CloseButton onClose={onClose} />
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
