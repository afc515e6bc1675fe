import { useId } from "react";

import type { Checkpoint } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { NumberField } from "@/ui/Field";

import type { FormErrors } from "./check";
import { shapesOf } from "./shapes";
import styles from "./SizeField.module.css";

interface SizeFieldProps {
  model: Checkpoint;
  width: number;
  height: number;
  errors: FormErrors;
  onChange: (size: { width?: number; height?: number }) => void;
}

export function SizeField({ model, width, height, errors, onChange }: SizeFieldProps) {
  const { t } = useI18n();
  const name = useId();
  const { min_size, max_size, multiple } = model.limits;
  return (
    <fieldset className={styles.field}>
      <legend>{t("create.size")}</legend>
      <div className={styles.shapes}>
        {shapesOf(model).map((shape) => (
          <label key={shape.ratio} className={styles.shape} title={`${shape.width} × ${shape.height}`}>
            <input
              type="radio"
              name={name}
              className="visually-hidden"
              checked={shape.width === width && shape.height === height}
              onChange={() => onChange({ width: shape.width, height: shape.height })}
            />
            <span className={styles.face}>
              <span className={styles.box}>
                <span className={styles.outline} data-ratio={shape.ratio} />
              </span>
              {shape.ratio}
            </span>
          </label>
        ))}
      </div>
      <div className={styles.sides}>
        <NumberField
          label={t("create.width")}
          min={min_size}
          max={max_size}
          step={multiple}
          value={width}
          error={errors.width}
          onChange={(side) => onChange({ width: side })}
        />
        <NumberField
          label={t("create.height")}
          min={min_size}
          max={max_size}
          step={multiple}
          value={height}
          error={errors.height}
          onChange={(side) => onChange({ height: side })}
        />
      </div>
    </fieldset>
  );
}
