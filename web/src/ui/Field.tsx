/** Form controls with their label, hint and error tied together for assistive technology. */
import { useId, useState, type ComponentProps, type ReactNode } from "react";

import { cx } from "./cx";
import styles from "./Field.module.css";

interface FieldText {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** Stands at the right end of the label line. */
  aside?: ReactNode;
}

interface FrameProps extends FieldText {
  children: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode;
}

function Frame({ label, hint, error, aside, children }: FrameProps) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = error ?? hint;
  return (
    <div className={styles.field}>
      <div className={styles.labelLine}>
        <label htmlFor={id} className={styles.label}>
          {label}
        </label>
        {aside}
      </div>
      {children({
        id,
        "aria-describedby": note ? noteId : undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {note && (
        <p id={noteId} className={cx(styles.note, error && styles.error)} role={error ? "alert" : undefined}>
          {note}
        </p>
      )}
    </div>
  );
}

export function TextField({ label, hint, error, aside, ...rest }: FieldText & ComponentProps<"input">) {
  return (
    <Frame label={label} hint={hint} error={error} aside={aside}>
      {(ids) => <input type="text" {...rest} {...ids} className={styles.control} />}
    </Frame>
  );
}

export function TextArea({ label, hint, error, aside, ...rest }: FieldText & ComponentProps<"textarea">) {
  return (
    <Frame label={label} hint={hint} error={error} aside={aside}>
      {(ids) => <textarea {...rest} {...ids} className={cx(styles.control, styles.area)} />}
    </Frame>
  );
}

export function Select({ label, hint, error, aside, ...rest }: FieldText & ComponentProps<"select">) {
  return (
    <Frame label={label} hint={hint} error={error} aside={aside}>
      {(ids) => <select {...rest} {...ids} className={cx(styles.control, styles.select)} />}
    </Frame>
  );
}

interface NumberFieldProps extends FieldText {
  value: number;
  min: number;
  max: number;
  step?: number;
  slider?: boolean;
  disabled?: boolean;
  onChange: (value: number) => void;
}

/** A number typed or slid. While what is typed is no number yet, the last good one stays in force. */
export function NumberField({
  label,
  hint,
  error,
  aside,
  value,
  min,
  max,
  step = 1,
  slider = false,
  disabled,
  onChange,
}: NumberFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const take = (text: string) => {
    setTyped(text);
    const number = Number(text);
    if (text.trim() !== "" && Number.isFinite(number)) onChange(number);
  };
  return (
    <Frame label={label} hint={hint} error={error} aside={aside}>
      {(ids) => (
        <div className={cx(slider && styles.slid)}>
          {slider && (
            // The number beside it has the label and does the same by keyboard.
            <input
              type="range"
              className={styles.range}
              min={min}
              max={max}
              step={step}
              value={value}
              disabled={disabled}
              tabIndex={-1}
              aria-hidden="true"
              onChange={(event) => {
                setTyped(null);
                onChange(Number(event.target.value));
              }}
            />
          )}
          <input
            {...ids}
            type="number"
            inputMode="decimal"
            className={cx(styles.control, styles.number)}
            min={min}
            max={max}
            step={step}
            disabled={disabled}
            value={typed ?? value}
            onChange={(event) => take(event.target.value)}
            onBlur={() => setTyped(null)}
          />
        </div>
      )}
    </Frame>
  );
}

interface CheckFieldProps {
  label: string;
  hint?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

export function CheckField({ label, hint, checked, onChange }: CheckFieldProps) {
  const noteId = useId();
  return (
    <div className={styles.field}>
      <label className={styles.check}>
        <input
          type="checkbox"
          checked={checked}
          aria-describedby={hint ? noteId : undefined}
          onChange={(event) => onChange(event.target.checked)}
        />
        {label}
      </label>
      {hint && (
        <p id={noteId} className={styles.note}>
          {hint}
        </p>
      )}
    </div>
  );
}
