/** One of a few, all of them in sight. */
import { Radio } from "@base-ui/react/radio";
import { RadioGroup as Base } from "@base-ui/react/radio-group";
import type { ReactNode } from "react";

import { cx } from "./cx";
import styles from "./RadioGroup.module.css";

interface RadioOption<V extends string> {
  value: V;
  label: ReactNode;
  hint?: string;
  /** Shown when pointed at. */
  title?: string;
  disabled?: boolean;
}

interface RadioGroupProps<V extends string> {
  label: string;
  /** null: none of them. */
  value: V | null;
  options: readonly RadioOption<V>[];
  disabled?: boolean;
  onChange: (value: V) => void;
}

/** Below each other, each with its mark. */
export function RadioGroup<V extends string>(props: RadioGroupProps<V>) {
  return (
    <Group {...props} className={styles.list}>
      {({ value, label, hint, disabled }) => (
        <label key={value} className={styles.line}>
          <Radio.Root value={value} disabled={disabled} className={styles.mark}>
            <Radio.Indicator className={styles.dot} />
          </Radio.Root>
          <span>
            {label}
            {hint && <span className={styles.hint}>{hint}</span>}
          </span>
        </label>
      )}
    </Group>
  );
}

/** Side by side in one bar. */
export function Segmented<V extends string>(props: RadioGroupProps<V>) {
  return (
    <Group {...props} className={styles.bar}>
      {(option) => (
        <Face key={option.value} option={option} className={styles.segment}>
          {option.label}
        </Face>
      )}
    </Group>
  );
}

/** Side by side as tiles, which may hold more than words. */
export function RadioTiles<V extends string>(props: RadioGroupProps<V>) {
  return (
    <Group {...props} className={styles.tiles}>
      {(option) => (
        <Face key={option.value} option={option} className={styles.tile}>
          {option.label}
        </Face>
      )}
    </Group>
  );
}

interface GroupProps<V extends string> extends RadioGroupProps<V> {
  className: string | undefined;
  children: (option: RadioOption<V>) => ReactNode;
}

function Group<V extends string>({
  label,
  value,
  options,
  disabled,
  onChange,
  className,
  children,
}: GroupProps<V>) {
  return (
    <Base
      aria-label={label}
      // Null rather than undefined: none is chosen, and it stays controlled.
      value={value}
      disabled={disabled}
      onValueChange={(next) => next !== null && onChange(next)}
      className={className}
    >
      {options.map(children)}
    </Base>
  );
}

interface FaceProps<V extends string> {
  option: RadioOption<V>;
  className: string | undefined;
  children: ReactNode;
}

/** A radio button whose whole face can be pressed; what is on it is its name. */
function Face<V extends string>({ option, className, children }: FaceProps<V>) {
  return (
    <Radio.Root
      value={option.value}
      disabled={option.disabled}
      title={option.title}
      className={cx(styles.face, className)}
    >
      {children}
    </Radio.Root>
  );
}
