/** Form controls with their label, hint and error tied together for assistive technology. */
import { Field as Base } from "@base-ui/react/field";
import type { ComponentProps, ReactNode } from "react";

import { cx } from "./cx";
import styles from "./Field.module.css";

export interface FieldText {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** Stands at the right end of the label line. */
  aside?: ReactNode;
  /** Said to those who do not see it alone: what the field is for stands in it. */
  unseenLabel?: boolean | undefined;
}

interface FieldProps extends FieldText {
  name?: string | undefined;
  disabled?: boolean | undefined;
  /** For a control that is a button, not something to fill in: its own kind of label. */
  labelled?: ReactNode;
  children: ReactNode;
}

/** What stands around one control: a label above it, a hint or an error below. */
export function Field({
  label,
  hint,
  error,
  aside,
  unseenLabel,
  name,
  disabled,
  labelled,
  children,
}: FieldProps) {
  return (
    <Base.Root name={name} disabled={disabled} invalid={error !== undefined} className={styles.field}>
      <div className={unseenLabel ? "visually-hidden" : styles.labelLine}>
        {labelled ?? <Base.Label className={styles.label}>{label}</Base.Label>}
        {aside}
      </div>
      {children}
      <FieldNote hint={hint} error={error} />
    </Base.Root>
  );
}

export function FieldNote({ hint, error }: Pick<FieldText, "hint" | "error">) {
  return (
    <>
      {error !== undefined && (
        <Base.Error match role="alert" className={cx(styles.note, styles.error)}>
          {error}
        </Base.Error>
      )}
      {error === undefined && hint && <Base.Description className={styles.note}>{hint}</Base.Description>}
      {/* What the form found, or the server said to it. */}
      {error === undefined && <Base.Error role="alert" className={cx(styles.note, styles.error)} />}
    </>
  );
}

export function TextField({
  label,
  hint,
  error,
  aside,
  unseenLabel,
  name,
  disabled,
  ...rest
}: FieldText & Omit<ComponentProps<"input">, "defaultValue" | "className" | "style">) {
  const text = { label, hint, error, aside, unseenLabel };
  return (
    <Field {...text} name={name} disabled={disabled}>
      <Base.Control type="text" {...rest} className={styles.control} />
    </Field>
  );
}

export function TextArea({
  label,
  hint,
  error,
  aside,
  name,
  disabled,
  ...rest
}: FieldText & ComponentProps<"textarea">) {
  return (
    <Field label={label} hint={hint} error={error} aside={aside} name={name} disabled={disabled}>
      {/* The control is an input of one line unless it is told otherwise; the props are those of the area. */}
      <Base.Control
        {...(rest as ComponentProps<typeof Base.Control>)}
        render={<textarea />}
        className={cx(styles.control, styles.area)}
      />
    </Field>
  );
}
