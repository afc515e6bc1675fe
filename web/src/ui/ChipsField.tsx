/** Several short words in one field, each a chip: found by typing, made where nothing fits, taken out one by one. */
import { Combobox as Base } from "@base-ui/react/combobox";
import { XIcon } from "lucide-react";
import { useState } from "react";

import styles from "./ChipsField.module.css";
import { Field, type FieldText } from "./Field";
import popup from "./Popup.module.css";

export interface ChipOption {
  value: string;
  label: string;
  /** Stands at the right end of its line. */
  aside?: string;
}

interface ChipsFieldProps extends FieldText {
  values: readonly string[];
  /** What fits what is typed, of what is not chosen yet. */
  options: readonly ChipOption[];
  placeholder?: string;
  /** What the list says when nothing fits. */
  none: string;
  /** What the button of a chip does. */
  removeLabel: (value: string) => string;
  onType: (typed: string) => void;
  /** The word that a comma ends; null: it is none. */
  endedBy?: (typed: string) => string | null;
  onChange: (values: string[]) => void;
}

export function ChipsField(props: ChipsFieldProps) {
  const { label, hint, error, aside, values, options, placeholder, none, removeLabel } = props;
  const { onType, endedBy, onChange } = props;
  const [typed, setTyped] = useState("");
  // Closed behind each choice: while the list is open, the chips are out of reach for those who are read to.
  const [open, setOpen] = useState(false);
  const type = (next: string) => {
    const ended = next.endsWith(",") ? endedBy?.(next) : null;
    if (ended) {
      onChange([...values, ended]);
      setOpen(false);
    }
    const left = ended ? "" : next;
    setTyped(left);
    onType(left);
  };
  const chosen: ChipOption[] = values.map((value) => ({ value, label: value }));
  return (
    <Field label={label} hint={hint} error={error} aside={aside}>
      <Base.Root<ChipOption, true>
        multiple
        autoHighlight
        items={options}
        filter={null}
        open={open}
        onOpenChange={setOpen}
        inputValue={typed}
        onInputValueChange={type}
        isItemEqualToValue={(option, other) => option.value === other.value}
        value={chosen}
        onValueChange={(next) => {
          type("");
          setOpen(false);
          onChange(next.map(({ value }) => value));
        }}
      >
        <Base.Chips className={styles.chips} data-own-keys>
          {chosen.map(({ value }) => (
            <Base.Chip key={value} aria-label={value} className={styles.chip}>
              <span className={styles.word}>{value}</span>
              <Base.ChipRemove aria-label={removeLabel(value)} className={styles.remove}>
                <XIcon size={14} />
              </Base.ChipRemove>
            </Base.Chip>
          ))}
          <Base.Input placeholder={values.length === 0 ? placeholder : undefined} className={styles.input} />
        </Base.Chips>
        <Base.Portal>
          <Base.Positioner sideOffset={4} className={popup.positioner}>
            <Base.Popup className={popup.popup}>
              <Base.Empty className={popup.none}>{none}</Base.Empty>
              <Base.List aria-label={label}>
                {(option: ChipOption) => (
                  <Base.Item key={option.value} value={option} className={popup.item}>
                    <span className={popup.label}>{option.label}</span>
                    {option.aside !== undefined && <span className={popup.keys}>{option.aside}</span>}
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
