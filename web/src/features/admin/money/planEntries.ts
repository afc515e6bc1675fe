/** A plan as an admin fills it in, and what of that is a change, or wrong. */
import type { AdminPlan, PlanChanges } from "@/api/types";

const GIB = 1024 ** 3;
const NEEDED = [
  "credits_per_month",
  "rollover_credits",
  "trial_credits",
  "max_queues",
  "max_open_jobs",
  "queue_weight",
] as const;
/** Empty: there is none. */
const OPTIONAL = ["requests_per_minute", "generations_per_minute"] as const;
const PRICES = ["monthly_price", "yearly_price"] as const;

export const ENTRY_NAMES = [...PRICES, ...NEEDED, "storage_gib", ...OPTIONAL] as const;
export type EntryName = (typeof ENTRY_NAMES)[number];

export interface PlanEntries {
  display_name: string;
  figures: Record<EntryName, string>;
  features: Record<string, boolean>;
  is_active: boolean;
}

export function entriesOf(plan: AdminPlan): PlanEntries {
  const text = (value: number | string | null) => (value === null ? "" : String(value));
  const figures = Object.fromEntries(
    ENTRY_NAMES.map((name) => [
      name,
      name === "storage_gib" ? gibText(plan.storage_bytes) : text(plan[name]),
    ]),
  ) as Record<EntryName, string>;
  const features = Object.fromEntries(
    Object.entries(plan.features).map(([name, has]) => [name, has === true]),
  );
  return { display_name: plan.display_name, figures, features, is_active: plan.is_active };
}

/** What was touched, and the entries that cannot be sent. */
export function changesOf(
  before: PlanEntries,
  now: PlanEntries,
): { changes: PlanChanges; wrong: (EntryName | "display_name")[] } {
  const changes: PlanChanges = {};
  const wrong: (EntryName | "display_name")[] = [];
  const name = now.display_name.trim();
  if (name === "") wrong.push("display_name");
  else if (name !== before.display_name) changes.display_name = name;
  for (const entry of ENTRY_NAMES) {
    const typed = now.figures[entry].trim();
    if (typed === before.figures[entry]) continue;
    const sent = sentAs(entry, typed);
    if (sent === undefined) wrong.push(entry);
    else Object.assign(changes, sent);
  }
  const features = Object.fromEntries(
    Object.entries(now.features).filter(([feature, has]) => before.features[feature] !== has),
  );
  if (Object.keys(features).length > 0) changes.features = features;
  if (now.is_active !== before.is_active) changes.is_active = now.is_active;
  return { changes, wrong };
}

/** undefined: it is none. */
function sentAs(entry: EntryName, typed: string): PlanChanges | undefined {
  if (isOneOf(PRICES, entry)) {
    if (typed === "") return { [entry]: null };
    return /^\d{1,6}(\.\d{1,2})?$/.test(typed) ? { [entry]: typed } : undefined;
  }
  if (entry === "storage_gib") {
    return /^\d{1,7}(\.\d+)?$/.test(typed) ? { storage_bytes: Math.round(Number(typed) * GIB) } : undefined;
  }
  if (typed === "") return isOneOf(OPTIONAL, entry) ? { [entry]: null } : undefined;
  return /^\d{1,9}$/.test(typed) ? { [entry]: Number(typed) } : undefined;
}

function isOneOf<Name extends EntryName>(names: readonly Name[], entry: EntryName): entry is Name {
  return (names as readonly EntryName[]).includes(entry);
}

function gibText(bytes: number): string {
  return String(Math.round((bytes / GIB) * 1000) / 1000);
}
