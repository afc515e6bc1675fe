/** One of a list. */
import { Field as BaseField } from "@base-ui/react/field";
import { Select as Base } from "@base-ui/react/select";
import { CheckIcon, ChevronsUpDownIcon } from "lucide-react";

import { cx } from "./cx";
import { Field, type FieldText } from "./Field";
import field from "./Field.module.css";
import popup from "./Popup.module.css";
import styles from "./Select.module.css";

export interface Option<V extends string = string> {
  value: V;
  label: string;
  disabled?: boolean;
}

interface SelectProps<V extends string> extends FieldText {
  value: V;
  options: readonly Option<V>[];
  placeholder?: string;
  disabled?: boolean;
  name?: string;
  onChange: (value: V) => void;
}

export function Select<V extends string>(props: SelectProps<V>) {
  const { label, hint, error, aside, value, options, placeholder, disabled, name, onChange } = props;
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      aside={aside}
      name={name}
      disabled={disabled}
      labelled={
        <BaseField.Label className={field.label} nativeLabel={false} render={<span />}>
          {label}
        </BaseField.Label>
      }
    >
      <Base.Root<V>
        items={options}
        value={value}
        onValueChange={(next) => next !== null && onChange(next)}
        modal={false}
      >
        <Base.Trigger className={cx(field.control, styles.trigger)}>
          <Base.Value placeholder={placeholder} className={styles.value} />
          <Base.Icon className={styles.icon}>
            <ChevronsUpDownIcon size={16} />
          </Base.Icon>
        </Base.Trigger>
        <Base.Portal>
          <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className={popup.positioner}>
            <Base.Popup className={popup.popup}>
              <Base.List>
                {options.map((option) => (
                  <Base.Item
                    key={option.value}
                    value={option.value}
                    disabled={option.disabled}
                    className={popup.item}
                  >
                    <Base.ItemText className={popup.label}>{option.label}</Base.ItemText>
                    <Base.ItemIndicator className={popup.tick}>
                      <CheckIcon size={16} />
                    </Base.ItemIndicator>
                  </Base.Item>
                ))}
              </Base.List>
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </Field>
  );
}
