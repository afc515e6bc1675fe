/** Where the cells of a grid stand, for the room that it has in the window. */
import { useCallback, useLayoutEffect, useMemo, useState, type RefObject } from "react";

import { columnsOf } from "./gridKeys";
import { boxesOf, justifiedRows, rowsOfColumns, shownRatio, topsOf, type Row } from "./gridRows";

export interface Proportions<T> {
  /** Pixels: rows are about as high as this. */
  height: number;
  /** Width by height. */
  ratioOf: (item: T) => number;
}

export interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

interface Layout<T> {
  items: readonly T[];
  gap: number;
  minColumn?: number;
  ratio?: number;
  proportions?: Proportions<T>;
}

export function useGridLayout<T>(
  root: RefObject<HTMLElement | null>,
  { items, gap, minColumn = 200, ratio = 1, proportions }: Layout<T>,
) {
  const [place, setPlace] = useState({ width: 0, top: 0 });

  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return;
    const measure = () => {
      const box = element.getBoundingClientRect();
      const [width, top] = [box.width, box.top + window.scrollY];
      setPlace((before) => (before.width === width && before.top === top ? before : { width, top }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    // What stands above it may grow as well, which moves it without changing its size.
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [root]);

  const { width } = place;
  const columns = columnsOf(width, minColumn, gap);
  const cell = Math.max(0, (width - (columns - 1) * gap) / columns);
  const target = proportions?.height;
  const ratioOf = proportions?.ratioOf;

  const laidOut = useMemo(() => {
    if (width === 0) return [];
    if (target === undefined || !ratioOf)
      return rowsOfColumns(items.length, columns, Math.round(cell * ratio));
    return justifiedRows(items.map(ratioOf), width, { target, gap });
  }, [items, width, columns, cell, ratio, target, ratioOf, gap]);

  /** How far below the beginning of the grid each row begins. */
  const tops = useMemo(() => topsOf(laidOut, gap), [laidOut, gap]);

  const boxes = useCallback(
    (row: Row) =>
      boxesOf(
        row,
        (index) => {
          const item = items[index];
          if (ratioOf) return item === undefined ? 1 : shownRatio(ratioOf(item));
          return row.height > 0 ? cell / row.height : 0;
        },
        gap,
      ),
    [items, ratioOf, cell, gap],
  );
  const heightOf = useCallback((row: number) => laidOut[row]?.height ?? 0, [laidOut]);
  /** Which cells lie in a part of the grid, measured from its beginning. */
  const within = (area: Area): number[] =>
    laidOut.flatMap((row, n) => {
      const top = tops[n] ?? 0;
      if (top > area.bottom || top + row.height < area.top) return [];
      return boxes(row).flatMap(({ left, width }, place) =>
        left > area.right || left + width < area.left ? [] : [row.first + place],
      );
    });
  return { place, laidOut, boxesOf: boxes, heightOf, within };
}
