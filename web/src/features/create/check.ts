/** What can be known to be wrong before asking the server, in the person's language. The server decides. */
import type { Checkpoint } from "@/api/types";
import type { Translator } from "@/i18n/translate";

import type { Filled } from "./draft";
import { MAX_CFG, MAX_CHUNKS, MAX_LORA_WEIGHT, MAX_PROMPT, MIN_CFG, TOKENS_A_CHUNK } from "./limits";

/** Anything that can be seen: no blanks, format signs, marks without a letter, nor fillers that count as letters. */
const SEEN = /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{M}\u115f\u1160\u3164\uffa0\u2800\ufffc]/u;

export type FormErrors = Partial<Record<keyof Filled, string>>;

export function check(form: Filled, { limits }: Pick<Checkpoint, "limits">, { t }: Translator): FormErrors {
  const errors: FormErrors = {};
  // A picture to start from says enough by itself.
  if (!SEEN.test(form.prompt) && (!form.source || form.prompt.trim() !== "")) {
    errors.prompt = t("create.error.prompt_empty");
  }
  for (const field of ["prompt", "negative_prompt"] as const) {
    // The server counts code points, as this does.
    if (Array.from(form[field]).length > MAX_PROMPT)
      errors[field] = t("create.error.too_long", {
        max: MAX_PROMPT,
        chunks: MAX_CHUNKS,
        tokens: TOKENS_A_CHUNK,
      });
  }
  for (const side of ["width", "height"] as const) {
    const length = form[side];
    if (length % limits.multiple !== 0) {
      errors[side] = t("create.error.multiple", { multiple: limits.multiple });
    } else if (length < limits.min_size || length > limits.max_size) {
      errors[side] = t("create.error.range", { min: limits.min_size, max: limits.max_size });
    }
  }
  if (!errors.width && !errors.height && form.width * form.height > limits.max_pixels) {
    errors.height = t("create.error.pixels", { max: limits.max_pixels });
  }
  if (!Number.isInteger(form.steps) || form.steps < 1 || form.steps > limits.max_steps) {
    errors.steps = t("create.error.range", { min: 1, max: limits.max_steps });
  }
  if (form.cfg_scale < MIN_CFG || form.cfg_scale > MAX_CFG) {
    errors.cfg_scale = t("create.error.range", { min: MIN_CFG, max: MAX_CFG });
  }
  if (form.source && (form.strength < 0 || form.strength > 1)) {
    errors.strength = t("create.error.range", { min: 0, max: 1 });
  }
  if (form.loras.some(({ weight }) => Math.abs(weight) > MAX_LORA_WEIGHT)) {
    errors.loras = t("create.error.range", { min: -MAX_LORA_WEIGHT, max: MAX_LORA_WEIGHT });
  }
  return errors;
}
