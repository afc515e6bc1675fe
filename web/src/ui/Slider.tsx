/** A value somewhere between two ends, by pointer or by arrow keys. */
import { Field } from "@base-ui/react/field";
import { Slider as Base } from "@base-ui/react/slider";

import { useI18n } from "@/i18n/useI18n";

import field from "./Field.module.css";
import styles from "./Slider.module.css";

interface Range {
  value: number;
  min: number;
  max: number;
  step?: number;
  disabled?: boolean;
  onChange: (value: number) => void;
}

interface SliderProps extends Range {
  label: string;
  /** How the value is written beside the label. */
  shown?: (value: number) => string;
}

export function Slider({ label, shown, value, min, max, step = 1, disabled, onChange }: SliderProps) {
  const { number } = useI18n();
  const text = (shown ?? number)(value);
  return (
    <Base.Root
      value={value}
      min={min}
      max={max}
      step={step}
      disabled={disabled}
      onValueChange={onChange}
      className={field.field}
    >
      <div className={field.labelLine}>
        <Base.Label className={field.label}>{label}</Base.Label>
        <output className={styles.value}>{text}</output>
      </div>
      <Track getText={() => text} />
    </Base.Root>
  );
}

/** Without words of its own, beside a control that has them: hidden from assistive technology and the Tab key. */
export function SliderTrack({ value, min, max, step = 1, disabled, onChange }: Range) {
  return (
    // A field of its own, so that it does not take the label and the id of the one it stands in.
    <Field.Root disabled={disabled} aria-hidden="true">
      <Base.Root
        // A number typed beside it may lie outside.
        value={Math.min(max, Math.max(min, value))}
        min={min}
        max={max}
        step={step}
        onValueChange={onChange}
      >
        <Track hidden />
      </Base.Root>
    </Field.Root>
  );
}

function Track({ hidden, getText }: { hidden?: boolean; getText?: () => string }) {
  return (
    <Base.Control className={styles.control}>
      <Base.Track className={styles.track}>
        <Base.Indicator className={styles.done} />
        <Base.Thumb className={styles.thumb} tabIndex={hidden ? -1 : undefined} getAriaValueText={getText} />
      </Base.Track>
    </Base.Control>
  );
}
