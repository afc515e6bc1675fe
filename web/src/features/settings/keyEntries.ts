/** What the form of a key holds, as it is typed, and what is asked of the server from that. */
import type { KeyBody, KeyOut } from "@/api/generated";

export const SCOPES = ["read", "generate", "manage"] as const;
type Scope = (typeof SCOPES)[number];
/** Days; "": never. "keep": as it is. */
export const LIFETIMES = ["30", "90", "365", "", "keep"] as const;
type Lifetime = (typeof LIFETIMES)[number];

export interface KeyEntries {
  name: string;
  scopes: Scope[];
  lifetime: Lifetime;
  daily_cap: string;
  total_cap: string;
  requests_per_minute: string;
  models: string[];
  addresses: string;
}

export function entriesOf(key: KeyOut | null): KeyEntries {
  const typed = (value: number | null | undefined) => (value == null ? "" : String(value));
  return {
    name: key?.name ?? "",
    scopes: key?.scopes ?? ["read", "generate"],
    lifetime: key ? "keep" : "90",
    daily_cap: typed(key?.daily_cap),
    total_cap: typed(key?.total_cap),
    requests_per_minute: typed(key?.requests_per_minute),
    models: key?.models ?? [],
    addresses: (key?.addresses ?? []).join("\n"),
  };
}

/** Which of the entries is no whole number of at least `least`; nothing typed is fine. */
export function isAmount(typed: string, least: number): boolean {
  return typed.trim() === "" || (/^\d{1,9}$/.test(typed.trim()) && Number(typed) >= least);
}

type Bounds = Omit<KeyBody, "scopes">;

export function boundsOf(entries: KeyEntries, now: number): Bounds {
  const amount = (typed: string) => (typed.trim() === "" ? null : Number(typed));
  const addresses = entries.addresses.split(/[\s,]+/).filter(Boolean);
  return {
    name: entries.name.trim(),
    daily_cap: amount(entries.daily_cap),
    total_cap: amount(entries.total_cap),
    requests_per_minute: amount(entries.requests_per_minute),
    models: entries.models.length > 0 ? entries.models : null,
    addresses: addresses.length > 0 ? addresses : null,
    ...(entries.lifetime !== "keep" && { expires_at: momentOf(entries.lifetime, now) }),
  };
}

function momentOf(lifetime: Exclude<Lifetime, "keep">, now: number): string | null {
  return lifetime === "" ? null : new Date(now + Number(lifetime) * 86_400_000).toISOString();
}
