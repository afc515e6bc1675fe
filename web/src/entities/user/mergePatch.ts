/** What a merge patch (RFC 7396) makes of a thing: each field by itself, at every depth; null removes one. */
export type Patch<T> = T extends object ? { [K in keyof T]?: Patch<T[K]> | null } : T;

export function mergePatch<T extends object>(before: T, patch: Patch<T>): T {
  const after = new Map<string, unknown>(Object.entries(before));
  for (const [name, value] of Object.entries(patch)) {
    const inner = after.get(name);
    if (value === null) after.delete(name);
    else if (isObject(value)) after.set(name, mergePatch(isObject(inner) ? inner : {}, value));
    else if (value !== undefined) after.set(name, value);
  }
  return Object.fromEntries(after) as T;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
