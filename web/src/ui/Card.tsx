import type { ComponentProps } from "react";

import styles from "./Card.module.css";
import { cx } from "./cx";

interface CardProps extends ComponentProps<"div"> {
  /** Something that can be pressed as a whole: it answers to the pointer. */
  pressable?: boolean;
}

/** A surface that holds what belongs together. */
export function Card({ pressable, className, ...rest }: CardProps) {
  return <div {...rest} className={cx(styles.card, pressable && styles.pressable, className)} />;
}
