import { Button as Base } from "@base-ui/react/button";
import type { ComponentProps } from "react";

import styles from "./Button.module.css";
import { cx } from "./cx";

export type ButtonLook = "primary" | "plain" | "quiet" | "danger";

interface ButtonProps extends ComponentProps<"button"> {
  look?: ButtonLook;
  small?: boolean;
  wide?: boolean;
  /** Shows a spinner and keeps the button from being pressed again, without taking the focus away. */
  busy?: boolean;
}

export function Button({
  look = "plain",
  small,
  wide,
  busy = false,
  disabled = false,
  className,
  children,
  ...rest
}: ButtonProps) {
  return (
    <Base
      {...rest}
      disabled={disabled || busy}
      focusableWhenDisabled={busy}
      aria-busy={busy || undefined}
      data-busy={busy || undefined}
      className={cx(buttonClass(look, { small, wide }), className)}
    >
      {busy && <Spinner />}
      {children}
    </Base>
  );
}

/** The classes of a button, for links that look like one. */
export function buttonClass(look: ButtonLook, options: { small?: boolean; wide?: boolean } = {}): string {
  return cx(styles.button, styles[look], options.small && styles.small, options.wide && styles.wide);
}

export function Spinner() {
  return <span className={styles.spinner} aria-hidden="true" />;
}
