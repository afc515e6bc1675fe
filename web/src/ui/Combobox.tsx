/** One of a long list, found by typing. */
import { Combobox as Base } from "@base-ui/react/combobox";
import { CheckIcon, ChevronsUpDownIcon, XIcon } from "lucide-react";

import { useI18n } from "@/i18n/useI18n";

import { iconButtonClass } from "./IconButton";
import { cx } from "./cx";
import { Field, type FieldText } from "./Field";
import field from "./Field.module.css";
import popup from "./Popup.module.css";
import type { Option } from "./Select";
import styles from "./Select.module.css";

interface ComboboxProps<V extends string> extends FieldText {
  value: V | null;
  options: readonly Option<V>[];
  placeholder?: string;
  disabled?: boolean;
  /** What the list says when nothing fits. */
  none: string;
  /** Whoever hears what is typed finds the options that fit; otherwise those fit whose words do. */
  onType?: (typed: string) => void;
  onChange: (value: V | null) => void;
}

export function Combobox<V extends string>(props: ComboboxProps<V>) {
  const { label, hint, error, aside, value, options, placeholder, disabled, none, onType, onChange } = props;
  const { t } = useI18n();
  return (
    <Field label={label} hint={hint} error={error} aside={aside} disabled={disabled}>
      <Base.Root<Option<V>>
        items={options}
        filter={onType ? null : undefined}
        onInputValueChange={onType}
        isItemEqualToValue={(option, chosen) => option.value === chosen.value}
        value={options.find((option) => option.value === value) ?? null}
        onValueChange={(option) => onChange(option?.value ?? null)}
      >
        <Base.InputGroup className={styles.group}>
          <Base.Input placeholder={placeholder} className={cx(field.control, styles.input)} />
          <div className={styles.buttons}>
            <Base.Clear aria-label={t("action.clear")} className={iconButtonClass()}>
              <XIcon size={16} />
            </Base.Clear>
            <Base.Trigger aria-label={t("action.show_choices")} className={iconButtonClass()}>
              <ChevronsUpDownIcon size={16} />
            </Base.Trigger>
          </div>
        </Base.InputGroup>
        <Base.Portal>
          <Base.Positioner sideOffset={4} className={popup.positioner}>
            <Base.Popup className={popup.popup}>
              <Base.Empty className={popup.none}>{none}</Base.Empty>
              <Base.List aria-label={label}>
                {(option: Option<V>) => (
                  <Base.Item
                    key={option.value}
                    value={option}
                    disabled={option.disabled}
                    className={popup.item}
                  >
                    <span className={popup.label}>{option.label}</span>
                    <Base.ItemIndicator className={popup.tick}>
                      <CheckIcon size={16} />
                    </Base.ItemIndicator>
                  </Base.Item>
                )}
              </Base.List>
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </Field>
  );
}
