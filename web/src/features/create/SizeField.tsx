import { ImageIcon } from "lucide-react";
import { memo, type ReactNode } from "react";

import type { Checkpoint } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { NumberField } from "@/ui/NumberField";
import { RadioTiles } from "@/ui/RadioGroup";

import type { FormErrors } from "./check";
import { fitted, shapesOf, type Size } from "./shapes";
import { ShapeSign } from "./ShapeSign";
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

/** The tile of the picture's own proportions. */
const SOURCE = "source";

export const SizeField = memo(function SizeField({
  model,
  source,
  width,
  height,
  errors,
  onChange,
}: SizeFieldProps) {
  const { t } = useI18n();
  const { min_size, max_size, multiple } = model.limits;
  const own = source && fitted(source, model.limits);
  const shapes = shapesOf(model).filter((shape) => shape.width !== own?.width || shape.height !== own.height);
  const tiles = [
    ...(own ? [tile(SOURCE, own, <ImageIcon />, t("create.size_of_source"))] : []),
    ...shapes.map((shape) => tile(shape.ratio, shape, <ShapeSign ratio={shape.ratio} />, shape.ratio)),
  ];
  const chosen = tiles.find(({ size }) => size.width === width && size.height === height)?.value ?? null;
  return (
    <fieldset className={styles.field}>
      <legend>{t("recipe.size")}</legend>
      <RadioTiles
        label={t("recipe.size")}
        value={chosen}
        options={tiles.map(({ value, title, face }) => ({ value, title, label: face }))}
        onChange={(value) => {
          const shape = shapes.find(({ ratio }) => ratio === value);
          // Left to the source, so that it follows another one.
          onChange({ width: shape?.width ?? null, height: shape?.height ?? null });
        }}
      />
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
});

function tile(value: string, size: Size, sign: ReactNode, name: string) {
  const face = (
    <>
      <span className={styles.box}>{sign}</span>
      {name}
    </>
  );
  return { value, size, title: `${size.width} × ${size.height}`, face };
}
