/** Things that are on or off: boxes to tick and switches, with their words beside them. */
import { Checkbox } from "@base-ui/react/checkbox";
import { Field as Base } from "@base-ui/react/field";
import { Switch } from "@base-ui/react/switch";
import { CheckIcon, MinusIcon } from "lucide-react";

import styles from "./Choices.module.css";
import { FieldNote } from "./Field";

interface ChoiceProps {
  label: string;
  hint?: string;
  error?: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

/** For what is sent with the rest of a form. */
export function CheckField({
  label,
  hint,
  error,
  checked,
  indeterminate,
  disabled,
  onChange,
}: ChoiceProps & { indeterminate?: boolean }) {
  return (
    <Base.Root className={styles.choice} disabled={disabled} invalid={error !== undefined}>
      <Base.Label className={styles.line}>
        <Checkbox.Root
          checked={checked}
          indeterminate={indeterminate}
          onCheckedChange={onChange}
          className={styles.box}
        >
          <Checkbox.Indicator className={styles.tick}>
            {indeterminate ? <MinusIcon size={14} /> : <CheckIcon size={14} />}
          </Checkbox.Indicator>
        </Checkbox.Root>
        {label}
      </Base.Label>
      <FieldNote hint={hint} error={error} />
    </Base.Root>
  );
}

/** For what takes effect at once. */
export function SwitchField({ label, hint, error, checked, disabled, onChange }: ChoiceProps) {
  return (
    <Base.Root className={styles.choice} disabled={disabled} invalid={error !== undefined}>
      <Base.Label className={styles.spread}>
        {label}
        <Switch.Root checked={checked} onCheckedChange={onChange} className={styles.switch}>
          <Switch.Thumb className={styles.knob} />
        </Switch.Root>
      </Base.Label>
      <FieldNote hint={hint} error={error} />
    </Base.Root>
  );
}
