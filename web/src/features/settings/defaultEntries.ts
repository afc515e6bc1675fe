/** The defaults of the form as they are typed: "" is what the model or the studio has. */
import type { Patch } from "@/entities/user/mergePatch";
import type { Preferences } from "@/entities/user/preferences";

type Defaults = NonNullable<Preferences["defaults"]>;
export type DefaultEntries = Record<keyof Defaults, string>;

const NAMES = [
  "model",
  "sampler",
  "width",
  "height",
  "steps",
  "cfg_scale",
  "count",
  "negative_prompt",
  "format",
  "visibility",
] as const satisfies readonly (keyof Defaults)[];

const AMOUNTS = {
  width: { min: 64, max: 16_384 },
  height: { min: 64, max: 16_384 },
  steps: { min: 1, max: 1000 },
  cfg_scale: { min: 0, max: 100 },
  count: { min: 1, max: 16 },
} as const;
export type Amount = keyof typeof AMOUNTS;

export function entriesOfDefaults(kept: Defaults): DefaultEntries {
  return Object.fromEntries(NAMES.map((name) => [name, String(kept[name] ?? "")])) as DefaultEntries;
}

/** The bounds that what is typed lies outside of; null where it is fine. */
export function outside(name: Amount, typed: string): { min: number; max: number } | null {
  if (typed.trim() === "") return null;
  const { min, max } = AMOUNTS[name];
  const value = Number(typed);
  const whole = name === "cfg_scale" || Number.isInteger(value);
  return Number.isFinite(value) && whole && value >= min && value <= max ? null : { min, max };
}

/** What differs from before, as a merge patch: the rest may have been changed elsewhere. */
export function changedDefaults(before: DefaultEntries, after: DefaultEntries): Patch<Defaults> {
  return Object.fromEntries(
    NAMES.filter((name) => before[name] !== after[name]).map((name) => {
      const typed = after[name];
      if (typed.trim() === "") return [name, null];
      return [name, name in AMOUNTS ? Number(typed) : typed];
    }),
  );
}
