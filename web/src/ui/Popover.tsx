/** A button that opens a small panel with anything in it; Escape and a click elsewhere close it. */
import { Popover as Base } from "@base-ui/react/popover";
import { useState, type ReactNode } from "react";

import { IconButton } from "./IconButton";
import { cx } from "./cx";
import popup from "./Popup.module.css";
// After what it changes of it.
import styles from "./Popover.module.css";

interface PopoverProps {
  label: string;
  /** As small as the text of a label beside it. */
  small?: boolean;
  /** An icon among other icon buttons, with its name as a tooltip. */
  icon?: boolean;
  button: ReactNode;
  /** Its button stays where it is when the page scrolls. */
  fixed?: boolean;
  side?: "top" | "bottom" | "left" | "right";
  /** Open from the beginning. */
  defaultOpen?: boolean;
  children: ReactNode | ((close: () => void) => ReactNode);
}

export function Popover({
  label,
  small,
  icon,
  button,
  fixed,
  side = "bottom",
  defaultOpen,
  children,
}: PopoverProps) {
  const [open, setOpen] = useState(defaultOpen ?? false);
  return (
    <Base.Root open={open} onOpenChange={setOpen}>
      {icon ? (
        <Base.Trigger render={<IconButton label={label}>{button}</IconButton>} />
      ) : (
        <Base.Trigger aria-label={label} className={cx(styles.opener, small && styles.small)}>
          {button}
        </Base.Trigger>
      )}
      <Base.Portal>
        <Base.Positioner
          side={side}
          align="end"
          sideOffset={8}
          positionMethod={fixed ? "fixed" : "absolute"}
          className={popup.positioner}
        >
          <Base.Popup aria-label={label} className={cx(popup.popup, styles.panel)}>
            {typeof children === "function" ? children(() => setOpen(false)) : children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
