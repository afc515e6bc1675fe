/**
 * A grid of any length, of which only what is near the window is in the page. It scrolls with the page. One Tab leads into it and one out;
 * within it the arrows, Home, End and the page keys go from cell to cell.
 */
import { defaultRangeExtractor, useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  useLayoutEffect,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
} from "react";

import { columnsOf, isGridKey, nextPlace } from "./gridKeys";
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
  /** Hears keys of the cell that has the focus, save those that the grid itself uses. */
  onKeyDown?: (event: KeyboardEvent, item: T) => void;
  /** Where the order is the person's own: the cell that has the focus keeps it when it moves. */
  follows?: boolean;
  /** A cell. Its controls take `tabIndex`; the first of them is the one that the arrows go to. */
  children: (item: T, tabIndex: 0 | -1, index: number) => ReactNode;
}

const ROWS_BEYOND = 3;

export function VirtualGrid<T>(props: VirtualGridProps<T>) {
  const { label, items, getKey, minColumn, gap, ratio = 1, onNearEnd, onKeyDown, follows, children } = props;
  const root = useRef<HTMLUListElement>(null);
  const [place, setPlace] = useState({ width: 0, top: 0 });
  /** The cell that Tab leads to. */
  const [wanted, setCurrent] = useState(0);
  const [seen, setSeen] = useState<{ items: readonly T[]; key: string | undefined }>({
    items,
    key: undefined,
  });
  const moved = follows && seen.items !== items ? items.findIndex((item) => getKey(item) === seen.key) : -1;
  const current = Math.max(0, Math.min(moved < 0 ? wanted : moved, items.length - 1));
  const currentKey = items[current] && getKey(items[current]);
  if (follows && (seen.items !== items || seen.key !== currentKey)) {
    setSeen({ items, key: currentKey });
    setCurrent(current);
  }
  /** The cell is to have the focus as soon as it is there. */
  const focusing = useRef(false);
  const focused = useRef(false);

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
  const currentRow = Math.floor(current / columns);
  const rows = useWindowVirtualizer({
    count: place.width > 0 ? Math.ceil(items.length / columns) : 0,
    estimateSize: () => rowHeight,
    gap,
    overscan: ROWS_BEYOND,
    scrollMargin: place.top,
    // What has the focus stays in the page, wherever that is scrolled to.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      return currentRow >= range.count || shown.includes(currentRow)
        ? shown
        : [...shown, currentRow].sort((a, b) => a - b);
    },
  });

  useLayoutEffect(() => rows.measure(), [rows, rowHeight, gap]);

  const visible = rows.getVirtualItems().filter(({ index }) => index !== currentRow);
  const last = Math.max(visible.at(-1)?.index ?? -1, visible.length === 0 ? currentRow : -1);
  const told = useRef(0);
  useLayoutEffect(() => {
    const near = last >= 0 && (last + 1 + ROWS_BEYOND) * columns >= items.length;
    if (!near || told.current === items.length) return;
    told.current = items.length;
    onNearEnd?.();
  }, [last, columns, items.length, onNearEnd]);

  useLayoutEffect(() => {
    // What had the focus may have been taken out of the list: then what took its place has it.
    const lost = focused.current && document.activeElement === document.body;
    if (!focusing.current && !lost) return;
    const control = root.current?.querySelector<HTMLElement>(`[data-index="${current}"] :is(button, a)`);
    if (!control) return;
    focusing.current = false;
    control.focus();
  });

  const onKeys = (event: KeyboardEvent<HTMLUListElement>) => {
    // Menus of a cell are inside it for React; their keys are not for here.
    if (!event.currentTarget.contains(event.target as Node)) return;
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    if (isGridKey(key) && !ctrlKey && !metaKey && !altKey && !shiftKey) {
      event.preventDefault();
      const page = Math.max(1, Math.floor(window.innerHeight / (rowHeight + gap)) - 1);
      const next = nextPlace(current, key, { columns, count: items.length, page });
      focusing.current = true;
      setCurrent(next);
      rows.scrollToIndex(Math.floor(next / columns));
      return;
    }
    const item = items[current];
    if (item !== undefined) onKeyDown?.(event, item);
  };

  return (
    // Safari forgets that a list without marks is one; its keys belong to the controls inside.
    // eslint-disable-next-line jsx-a11y/no-redundant-roles, jsx-a11y/no-noninteractive-element-interactions
    <ul
      ref={root}
      role="list"
      aria-label={label}
      className={styles.grid}
      style={{ height: rows.getTotalSize() }}
      onKeyDown={onKeys}
      onBlur={(event) => {
        // Not heard when the control is taken out of the page; see above.
        focused.current = event.currentTarget.contains(event.relatedTarget);
      }}
      onFocus={(event) => {
        focused.current = true;
        const index = Number(event.target.closest<HTMLElement>("[data-index]")?.dataset.index);
        if (Number.isInteger(index)) setCurrent(index);
      }}
    >
      {rows.getVirtualItems().flatMap((row) => {
        const first = row.index * columns;
        return items.slice(first, first + columns).map((item, column) => (
          <li
            key={getKey(item)}
            aria-setsize={items.length}
            aria-posinset={first + column + 1}
            data-index={first + column}
            className={styles.cell}
            style={cellStyle(cell, rowHeight, column * (cell + gap), row.start - place.top)}
          >
            {children(item, first + column === current ? 0 : -1, first + column)}
          </li>
        ));
      })}
    </ul>
  );
}

function cellStyle(width: number, height: number, left: number, top: number): CSSProperties {
  return { width, height, transform: `translate(${left}px, ${top}px)` };
}
