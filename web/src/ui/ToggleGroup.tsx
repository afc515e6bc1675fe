/** Several that can each be on, in one bar. For exactly one of them there is Segmented. */
import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup as Base } from "@base-ui/react/toggle-group";
import type { ReactNode } from "react";

import { cx } from "./cx";
import styles from "./RadioGroup.module.css";

interface ToggleGroupProps<V extends string> {
  label: string;
  value: readonly V[];
  options: readonly { value: V; label: string; icon?: ReactNode; disabled?: boolean }[];
  onChange: (value: V[]) => void;
}

export function ToggleGroup<V extends string>({ label, value, options, onChange }: ToggleGroupProps<V>) {
  return (
    <Base<V> aria-label={label} multiple value={value} onValueChange={onChange} className={styles.bar}>
      {options.map((option) => (
        <Toggle
          key={option.value}
          value={option.value}
          disabled={option.disabled}
          aria-label={option.icon ? option.label : undefined}
          className={cx(styles.face, styles.segment)}
        >
          {option.icon ?? option.label}
        </Toggle>
      ))}
    </Base>
  );
}
