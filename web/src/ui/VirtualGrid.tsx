/** A grid of any length, of which only what is near the window is in the page. It scrolls with the page. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState, type CSSProperties, type ReactNode } from "react";

import styles from "./VirtualGrid.module.css";

interface VirtualGridProps<T> {
  label: string;
  items: readonly T[];
  getKey: (item: T) => string;
  /** Pixels: a column is at least this wide, as far as the grid has room for it. */
  minColumn: number;
  gap: number;
  /** Height by width of a cell. */
  ratio?: number;
  /** Called when the end comes near, once for each length of the list. */
  onNearEnd?: () => void;
  children: (item: T, index: number) => ReactNode;
}

const ROWS_BEYOND = 3;

export function VirtualGrid<T>(props: VirtualGridProps<T>) {
  const { label, items, getKey, minColumn, gap, ratio = 1, onNearEnd, children } = props;
  const root = useRef<HTMLUListElement>(null);
  const [place, setPlace] = useState({ width: 0, top: 0 });

  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return;
    const measure = () => {
      const { width, top } = element.getBoundingClientRect();
      setPlace({ width, top: top + window.scrollY });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    // What stands above it may grow as well, which moves it without changing its size.
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);

  const columns = columnsOf(place.width, minColumn, gap);
  const cell = Math.max(0, (place.width - (columns - 1) * gap) / columns);
  const rowHeight = Math.round(cell * ratio);
  const rows = useWindowVirtualizer({
    count: place.width > 0 ? Math.ceil(items.length / columns) : 0,
    estimateSize: () => rowHeight,
    gap,
    overscan: ROWS_BEYOND,
    scrollMargin: place.top,
  });

  useLayoutEffect(() => rows.measure(), [rows, rowHeight, gap]);

  const last = rows.getVirtualItems().at(-1)?.index ?? -1;
  const told = useRef(0);
  useLayoutEffect(() => {
    const near = last >= 0 && (last + 1) * columns >= items.length;
    if (!near || told.current === items.length) return;
    told.current = items.length;
    onNearEnd?.();
  }, [last, columns, items.length, onNearEnd]);

  return (
    // Safari forgets that a list without marks is one.
    // eslint-disable-next-line jsx-a11y/no-redundant-roles
    <ul
      ref={root}
      role="list"
      aria-label={label}
      className={styles.grid}
      style={{ height: rows.getTotalSize() }}
    >
      {rows.getVirtualItems().flatMap((row) => {
        const first = row.index * columns;
        return items.slice(first, first + columns).map((item, column) => (
          <li
            key={getKey(item)}
            aria-setsize={items.length}
            aria-posinset={first + column + 1}
            className={styles.cell}
            style={cellStyle(cell, rowHeight, column * (cell + gap), row.start - place.top)}
          >
            {children(item, first + column)}
          </li>
        ));
      })}
    </ul>
  );
}

/** How many columns fit: at least one. */
export function columnsOf(width: number, minColumn: number, gap: number): number {
  return Math.max(1, Math.floor((width + gap) / (minColumn + gap)));
}

function cellStyle(width: number, height: number, left: number, top: number): CSSProperties {
  return { width, height, transform: `translate(${left}px, ${top}px)` };
}
