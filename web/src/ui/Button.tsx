import type { ComponentProps, ReactNode } from "react";

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

export function Button({ look = "plain", small, wide, busy = false, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={cx(buttonClass(look, { small, wide }), className)}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
    >
      {busy && <Spinner />}
      {rest.children}
    </button>
  );
}

/** The classes of a button, for links that look like one. */
export function buttonClass(look: ButtonLook, options: { small?: boolean; wide?: boolean } = {}): string {
  return cx(styles.button, styles[look], options.small && styles.small, options.wide && styles.wide);
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label" | "title"> {
  /** Its name for those who do not see the icon, and its tooltip for those who do. */
  label: string;
  children: ReactNode;
  onPicture?: boolean;
}

export function IconButton({ label, onPicture, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={cx(styles.icon, onPicture && styles.onPicture, className)}
    />
  );
}

export function Spinner() {
  return <span className={styles.spinner} aria-hidden="true" />;
}
