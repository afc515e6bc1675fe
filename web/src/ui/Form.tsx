/** A form whose errors, ours or the server's, stand beside their fields: `errors` by the names of the fields. */
import { Form as Base } from "@base-ui/react/form";
import type { ComponentProps } from "react";

import { cx } from "./cx";
import styles from "./Form.module.css";

export function Form({
  className,
  ...rest
}: Omit<ComponentProps<typeof Base>, "className"> & { className?: string }) {
  return <Base {...rest} className={cx(styles.form, className)} />;
}
