/** A number typed, stepped or slid. */
import { NumberField as Base } from "@base-ui/react/number-field";
import { MinusIcon, PlusIcon } from "lucide-react";

import { useI18n } from "@/i18n/useI18n";

import { cx } from "./cx";
import { Field, type FieldText } from "./Field";
import field from "./Field.module.css";
import styles from "./NumberField.module.css";
import { SliderTrack } from "./Slider";

// As the server writes them: a seed is no amount, and 1,024 would be read as two numbers.
const PLAIN: Intl.NumberFormatOptions = { useGrouping: false, maximumFractionDigits: 6 };

interface NumberFieldProps extends FieldText {
  value: number;
  min: number;
  max: number;
  step?: number;
  /** With a slider before it. */
  slider?: boolean;
  /** With buttons for less and more. */
  stepper?: boolean;
  disabled?: boolean;
  onChange: (value: number) => void;
}

/**
 * While what is typed is no number yet, the last good one stays in force. What lies outside the range is reported as well:
 * whoever asks for the number says what is wrong with it, beside the field.
 */
export function NumberField(props: NumberFieldProps) {
  const { label, hint, error, aside, value, min, max, step = 1, slider, stepper, disabled, onChange } = props;
  const { t, language } = useI18n();
  return (
    <Field label={label} hint={hint} error={error} aside={aside} disabled={disabled}>
      <div className={cx(slider && styles.slid)}>
        {slider && (
          // The number beside it has the label and does the same by keyboard.
          <SliderTrack
            value={value}
            min={min}
            max={max}
            step={step}
            disabled={disabled}
            onChange={onChange}
          />
        )}
        <Base.Root
          value={value}
          min={min}
          max={max}
          step={step}
          allowOutOfRange
          locale={language}
          format={PLAIN}
          disabled={disabled}
          onValueChange={(next) => next !== null && onChange(next)}
        >
          <Base.Group className={cx(stepper && styles.stepped)}>
            {stepper && (
              <Base.Decrement aria-label={t("action.less")} className={styles.step}>
                <MinusIcon size={16} />
              </Base.Decrement>
            )}
            <Base.Input inputMode="decimal" className={cx(field.control, styles.number)} />
            {stepper && (
              <Base.Increment aria-label={t("action.more")} className={styles.step}>
                <PlusIcon size={16} />
              </Base.Increment>
            )}
          </Base.Group>
        </Base.Root>
      </div>
    </Field>
  );
}
