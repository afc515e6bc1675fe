/** Where the keys lead in a grid. */
import { rowWith, type Box, type Row } from "./gridRows";

/** How many columns fit: at least one. */
export function columnsOf(width: number, minColumn: number, gap: number): number {
  return Math.max(1, Math.floor((width + gap) / (minColumn + gap)));
}

const STEPS = {
  ArrowLeft: { cells: -1, rows: 0 },
  ArrowRight: { cells: 1, rows: 0 },
  ArrowUp: { cells: 0, rows: -1 },
  ArrowDown: { cells: 0, rows: 1 },
  PageUp: { cells: 0, rows: -1 },
  PageDown: { cells: 0, rows: 1 },
  Home: { cells: -Infinity, rows: 0 },
  End: { cells: Infinity, rows: 0 },
} as const;

type GridKey = keyof typeof STEPS;

interface Grid {
  rows: readonly Row[];
  boxesOf: (row: Row) => readonly Box[];
  /** Rows that the page keys go. */
  page: number;
}

export function isGridKey(key: string): key is GridKey {
  return Object.hasOwn(STEPS, key);
}

/** The cell that the key leads to from `place`: upwards and downwards the one that lies nearest; a step out of the grid goes as far as it can. */
export function nextPlace(place: number, key: GridKey, { rows, boxesOf, page }: Grid): number {
  const last = (rows.at(-1)?.end ?? 0) - 1;
  const { cells, rows: steps } = STEPS[key];
  if (steps === 0) return Math.max(0, Math.min(place + cells, last));
  const byPage = key === "PageUp" || key === "PageDown";
  const here = rowWith(rows, place);
  const there = Math.max(0, Math.min(here + steps * (byPage ? page : 1), rows.length - 1));
  const [from, to] = [rows[here], rows[there]];
  if (!from || !to) return place;
  // There is no row to go to: a page key goes to the end that it points to.
  if (here === there) return byPage ? (steps < 0 ? 0 : last) : place;
  const box = boxesOf(from)[place - from.first];
  const middle = box ? box.left + box.width / 2 : 0;
  const distances = boxesOf(to).map(({ left, width }) => Math.abs(left + width / 2 - middle));
  return to.first + distances.indexOf(Math.min(...distances));
}
