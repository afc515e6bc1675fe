import type { Grant } from "@/api/types";

const SOON_MS = 7 * 24 * 3600 * 1000;

/** How many credits expire within a week, and when the first of them do. */
export function expiringNext(
  grants: readonly Pick<Grant, "remaining" | "expires_at">[],
  now: number,
): { credits: number; at: string } | null {
  const soon = grants.flatMap(({ remaining, expires_at }) => {
    if (expires_at === null || remaining === 0) return [];
    const left = Date.parse(expires_at) - now;
    return left > 0 && left <= SOON_MS ? [{ remaining, expires_at }] : [];
  });
  const times = soon.map(({ expires_at }) => expires_at).sort((a, b) => Date.parse(a) - Date.parse(b));
  const [at] = times;
  if (at === undefined) return null;
  return { credits: soon.reduce((sum, { remaining }) => sum + remaining, 0), at };
}
