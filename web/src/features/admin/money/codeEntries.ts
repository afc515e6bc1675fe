/** A new code as an admin fills it in, and what of that is wrong. */
import type { NewCode } from "@/api/types";

import { startOfDay } from "../days";

export interface CodeEntries {
  code: string;
  credits: string;
  keep_days: string;
  max_uses: string;
  /** A day, the last on which it may be used. */
  valid_until: string;
}

export const EMPTY_CODE: CodeEntries = {
  code: "",
  credits: "500",
  keep_days: "",
  max_uses: "",
  valid_until: "",
};

type Wrong = keyof CodeEntries;

export function readCode(entries: CodeEntries): { code: Omit<NewCode, "reason">; wrong: Wrong[] } {
  const wrong: Wrong[] = [];
  const whole = (name: "credits" | "keep_days" | "max_uses") => {
    const typed = entries[name].trim();
    if (typed === "" && name !== "credits") return null;
    if (/^[1-9]\d{0,7}$/.test(typed)) return Number(typed);
    wrong.push(name);
    return null;
  };
  const typedCode = entries.code.trim();
  const code = {
    credits: whole("credits") ?? 0,
    ...(typedCode !== "" && { code: typedCode }),
    keep_days: whole("keep_days"),
    max_uses: whole("max_uses"),
    // The day that is named belongs to it.
    valid_until: startOfDay(entries.valid_until, 1) ?? null,
  };
  return { code, wrong };
}
