import { useId } from "react";

import type { Checkpoint } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { NumberField } from "@/ui/Field";
import { PictureIcon } from "@/ui/icons";

import type { FormErrors } from "./check";
import { fitted, shapesOf, type Size } from "./shapes";
import styles from "./SizeField.module.css";

interface SizeFieldProps {
  model: Checkpoint;
  /** A picture whose proportions are on offer too. */
  source: Size | null;
  width: number;
  height: number;
  errors: FormErrors;
  onChange: (size: { width?: number | null; height?: number | null }) => void;
}

export function SizeField({ model, source, width, height, errors, onChange }: SizeFieldProps) {
  const { t } = useI18n();
  const name = useId();
  const { min_size, max_size, multiple } = model.limits;
  const own = source && fitted(source, model.limits);
  const shapes = shapesOf(model).filter((shape) => shape.width !== own?.width || shape.height !== own.height);
  return (
    <fieldset className={styles.field}>
      <legend>{t("recipe.size")}</legend>
      <div className={styles.shapes}>
        {own && (
          <label className={styles.shape} title={`${own.width} × ${own.height}`}>
            <input
              type="radio"
              name={name}
              className="visually-hidden"
              checked={own.width === width && own.height === height}
              // Left to the source, so that it follows another one.
              onChange={() => onChange({ width: null, height: null })}
            />
            <span className={styles.face}>
              <span className={styles.box}>
                <PictureIcon />
              </span>
              {t("create.size_of_source")}
            </span>
          </label>
        )}
        {shapes.map((shape) => (
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
