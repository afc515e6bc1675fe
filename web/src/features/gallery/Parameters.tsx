import type { Image, Recipe } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";

import styles from "./Parameters.module.css";

/** Shown in their own place above, or said by another line. */
const ELSEWHERE = new Set([
  "prompt",
  "negative_prompt",
  "width",
  "height",
  "model",
  "steps",
  "cfg_scale",
  "sampler",
  "seed",
  "format",
  "visibility",
  "resolved_prompt",
  "source_image",
]);

/** A value as one line: the parts of an object by name, everything else as it is. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join("; ");
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return Object.entries(value)
    .map(([name, part]) => `${name} ${textOf(part)}`)
    .join(", ");
}

export function Parameters({ image }: { image: Image }) {
  const { t, find, number, bytes, dateTime } = useI18n();
  const { model, steps, cfg_scale, sampler, seed } = image.generation_params as Recipe;
  const known: [string, string | undefined][] = [
    [t("recipe.model"), model],
    [t("recipe.size"), `${image.width} × ${image.height}`],
    // A seed is a name, not an amount: no grouping of its digits.
    [t("recipe.seed"), seed === undefined ? undefined : String(seed)],
    [t("recipe.steps"), steps === undefined ? undefined : number(steps)],
    [t("recipe.cfg_scale"), cfg_scale === undefined ? undefined : number(cfg_scale)],
    [t("recipe.sampler"), sampler && (find(`recipe.sampler.${sampler}`) ?? sampler)],
    [t("gallery.file"), `${image.format.toUpperCase()}, ${bytes(image.file_size)}`],
    [t("picture.visible_to"), t(`picture.visibility.${image.visibility}`)],
    [t("gallery.made"), dateTime(image.created_at)],
    [t("gallery.api_key"), image.api_key?.name],
  ];
  const others = Object.entries(image.generation_params)
    .filter(([name, value]) => !ELSEWHERE.has(name) && value !== null && textOf(value) !== "")
    .map(([name, value]): [string, string] => [
      find(`param.${name}`) ?? name,
      find(`param.${name}.${textOf(value)}`) ?? textOf(value),
    ]);
  return (
    <dl className={styles.list}>
      {[...known, ...others].map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name} className={styles.row}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
