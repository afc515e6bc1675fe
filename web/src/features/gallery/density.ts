/** How large pictures are in the grid. */
export const DENSITIES = ["small", "medium", "large"] as const;
export type Density = (typeof DENSITIES)[number];

const HEIGHTS: Record<Density, { wide: number; narrow: number }> = {
  small: { wide: 140, narrow: 84 },
  medium: { wide: 220, narrow: 130 },
  large: { wide: 340, narrow: 230 },
};

/** Pixels that a row is about as high as. */
export function heightOf(density: Density, isNarrow: boolean): number {
  return HEIGHTS[density][isNarrow ? "narrow" : "wide"];
}
