/** How the cells of a grid come to stand in rows: all alike in columns, or each in its own proportions and every row as wide as the grid. */

export interface Row {
  /** The cells from `first` to before `end`. */
  first: number;
  end: number;
  height: number;
}

export interface Box {
  left: number;
  width: number;
}

/** What is longer than this is cut: a panorama would be a row of its own, a strip nothing but a line. */
const NARROWEST = 0.45;
const WIDEST = 3.2;

/** Rows of so many cells, each as high as the others. */
export function rowsOfColumns(count: number, columns: number, height: number): Row[] {
  return Array.from({ length: Math.ceil(count / columns) }, (_, row) => ({
    first: row * columns,
    end: Math.min(count, (row + 1) * columns),
    height,
  }));
}

/** Width by height of a cell, for a picture of these proportions. */
export function shownRatio(ratio: number): number {
  return Number.isFinite(ratio) ? Math.min(WIDEST, Math.max(NARROWEST, ratio)) : 1;
}

/** Rows about as high as `target`, each filled from edge to edge; the last one may end before. `ratios`: width by height. */
export function justifiedRows(
  ratios: ArrayLike<number>,
  width: number,
  { target, gap }: { target: number; gap: number },
): Row[] {
  const rows: Row[] = [];
  let first = 0;
  let sum = 0;
  for (let index = 0; index < ratios.length; index++) {
    const ratio = shownRatio(ratios[index] ?? 1);
    const without = heightOf(sum, index - first, width, gap);
    const withIt = heightOf(sum + ratio, index - first + 1, width, gap);
    // A row ends where it is nearest to the height that is wanted.
    if (index > first && Math.abs(without - target) <= Math.abs(withIt - target)) {
      rows.push({ first, end: index, height: without });
      first = index;
      sum = 0;
    }
    sum += ratio;
  }
  if (first < ratios.length) {
    const height = Math.min(target, heightOf(sum, ratios.length - first, width, gap));
    rows.push({ first, end: ratios.length, height });
  }
  return rows;
}

/** Where the cells of a row begin, and how wide they are. */
export function boxesOf(row: Row, ratioOf: (index: number) => number, gap: number): Box[] {
  let left = 0;
  return Array.from({ length: row.end - row.first }, (_, place) => {
    const width = ratioOf(row.first + place) * row.height;
    const box = { left, width };
    left += width + gap;
    return box;
  });
}

/** How far below the first row each one begins. */
export function topsOf(rows: readonly Row[], gap: number): number[] {
  let top = 0;
  const tops: number[] = [];
  for (const { height } of rows) {
    tops.push(top);
    top += height + gap;
  }
  return tops;
}

/** In which row a cell is; the last one for what lies behind. */
export function rowWith(rows: readonly Row[], index: number): number {
  let low = 0;
  let high = Math.max(0, rows.length - 1);
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.end ?? 0) > index) high = middle;
    else low = middle + 1;
  }
  return low;
}

function heightOf(ratios: number, count: number, width: number, gap: number): number {
  return ratios > 0 ? Math.max(1, (width - (count - 1) * gap) / ratios) : Infinity;
}
