/** Apart from the other buttons: what its tooltip needs is not wanted where there is none. */
import { Button as Base } from "@base-ui/react/button";
import type { ComponentProps, ReactNode } from "react";

import styles from "./Button.module.css";
import { cx } from "./cx";
import { Tooltip } from "./Tooltip";

interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label" | "title"> {
  /** Its name for those who do not see the icon, and its tooltip for those who do. */
  label: string;
  /** The keys that do the same. */
  keys?: string;
  children: ReactNode;
  onPicture?: boolean;
}

export function IconButton({ label, keys, onPicture, className, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys}>
      <Base {...rest} aria-label={label} className={iconButtonClass(onPicture, className)} />
    </Tooltip>
  );
}

/** The classes of an icon button, for links that look like one. */
export function iconButtonClass(onPicture = false, className?: string): string {
  return cx(styles.icon, onPicture && styles.onPicture, className);
}
