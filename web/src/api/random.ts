/** Random values that also exist on plain HTTP, where `crypto.randomUUID` does not. */

/** A key that marks one action of a person; sent again when that action is tried again. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A seed from 0 to 2³²−1, the range other programs take too. */
export function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
