/** Months as a scale: each as long as it has pictures. */
import type { ImageMonth } from "@/api/generated";

/** Where each month begins, from 0 to 1. None is so short that it cannot be pointed at. */
export function sharesOf(months: readonly ImageMonth[]): number[] {
  const total = months.reduce((sum, { count }) => sum + count, 0);
  const least = total / Math.max(1, months.length) / 4;
  const lengths = months.map(({ count }) => Math.max(count, least));
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  let before = 0;
  return lengths.map((length) => {
    const share = whole === 0 ? 0 : before / whole;
    before += length;
    return share;
  });
}

/** Which month lies at a place of the scale. */
export function monthAt(shares: readonly number[], place: number): number {
  return Math.max(
    0,
    shares.findLastIndex((share) => share <= place),
  );
}

/** A day in the middle of it, which is in the same month everywhere. */
export function monthOf({ starts_at, ends_at }: ImageMonth): string {
  return new Date((Date.parse(starts_at) + Date.parse(ends_at)) / 2).toISOString().slice(0, 10);
}
