/** Where somebody can do something about a problem. */
import type { Problem } from "@/api/problem";
import type { Key } from "@/i18n/translate";

interface Remedy {
  label: Key;
  to: string;
}

const CREDITS: Remedy = { label: "remedy.credits", to: "/credits" };

const PLANS: Remedy = { label: "remedy.plans", to: "/credits/plans" };

const REMEDIES: Record<string, Remedy> = {
  insufficient_credits: CREDITS,
  feature_locked: PLANS,
  model_locked: PLANS,
  storage_exceeded: { label: "remedy.gallery", to: "/gallery" },
};

/** What trying again does not help. */
const FINAL = ["forbidden", "not_found", "account_suspended", ...Object.keys(REMEDIES)];

export function remedyOf({ code }: Problem): Remedy | undefined {
  return REMEDIES[code];
}

export function mayHelpAgain({ code }: Problem): boolean {
  return !FINAL.includes(code);
}
