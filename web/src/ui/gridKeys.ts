/** Where the keys lead in a grid. */

/** How many columns fit: at least one. */
export function columnsOf(width: number, minColumn: number, gap: number): number {
  return Math.max(1, Math.floor((width + gap) / (minColumn + gap)));
}

const STEPS = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: ({ columns }: Grid) => -columns,
  ArrowDown: ({ columns }: Grid) => columns,
  PageUp: ({ columns, page }: Grid) => -columns * page,
  PageDown: ({ columns, page }: Grid) => columns * page,
  Home: () => -Infinity,
  End: () => Infinity,
} as const;

type GridKey = keyof typeof STEPS;

interface Grid {
  columns: number;
  count: number;
  /** Rows that the page keys go. */
  page: number;
}

export function isGridKey(key: string): key is GridKey {
  return Object.hasOwn(STEPS, key);
}

/** The cell that the key leads to from `place`; a step out of the grid goes as far as it can, upwards and downwards not at all. */
export function nextPlace(place: number, key: GridKey, grid: Grid): number {
  const next = place + STEPS[key](grid);
  const last = grid.count - 1;
  if (key === "ArrowUp" && next < 0) return place;
  if (key === "ArrowDown" && next > last) {
    // Into a last row that is shorter.
    const below = Math.floor(place / grid.columns) < Math.floor(last / grid.columns);
    return below ? last : place;
  }
  return Math.max(0, Math.min(next, last));
}
