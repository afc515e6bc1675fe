/** What may be asked of a grid from outside. */
export interface GridHandle {
  /** Scrolls to a cell, and gives it the focus where that is wanted. */
  show: (index: number, focus?: boolean) => void;
  /** Which cells lie in a part of the grid, measured from its beginning. */
  within: (area: Area) => number[];
}

/**
 * A grid of any length, of which only what is near the window is in the page. It scrolls with the page. One Tab leads into it and one out;
 * within it the arrows, Home, End and the page keys go from cell to cell.
 */
import { defaultRangeExtractor, useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
} from "react";

import { isGridKey, nextPlace } from "./gridKeys";
import { rowWith, type Box, type Row } from "./gridRows";
import { useGridLayout, type Area, type Proportions } from "./useGridLayout";
import styles from "./VirtualGrid.module.css";

interface VirtualGridProps<T> {
  label: string;
  items: readonly T[];
  getKey: (item: T) => string;
  /** Pixels: a column is at least this wide, as far as the grid has room for it. */
  minColumn?: number;
  gap: number;
  /** Height by width of a cell. */
  ratio?: number;
  /** In place of columns: each cell has proportions of its own. */
  proportions?: Proportions<T>;
  /** Told which cells are near the window, whenever these are others. */
  onShown?: (first: number, last: number) => void;
  /** The person moves on with Shift held: from one cell to another. */
  onExtend?: (from: number, to: number) => void;
  ref?: Ref<GridHandle>;
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
  const { label, items, getKey, gap, onNearEnd, onKeyDown, follows, children } = props;
  const { onShown, onExtend, ref } = props;
  const root = useRef<HTMLUListElement>(null);
  const { place, laidOut, boxesOf, heightOf, within } = useGridLayout(root, props);
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

  const currentRow = rowWith(laidOut, current);
  const rows = useWindowVirtualizer({
    count: laidOut.length,
    estimateSize: heightOf,
    gap,
    overscan: ROWS_BEYOND,
    scrollMargin: place.top,
    // Rows beyond the edge are there already: the next ones may wait for the frame.
    useFlushSync: false,
    // What has the focus stays in the page, wherever that is scrolled to.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      return currentRow >= range.count || shown.includes(currentRow)
        ? shown
        : [...shown, currentRow].sort((a, b) => a - b);
    },
  });

  useLayoutEffect(() => rows.measure(), [rows, heightOf, gap]);

  const visible = rows.getVirtualItems().filter(({ index }) => index !== currentRow);
  const last = Math.max(visible.at(-1)?.index ?? -1, visible.length === 0 ? currentRow : -1);
  const told = useRef(0);
  useLayoutEffect(() => {
    const near = last >= 0 && last + 1 + ROWS_BEYOND >= laidOut.length;
    if (!near || told.current === items.length) return;
    told.current = items.length;
    onNearEnd?.();
  }, [last, laidOut.length, items.length, onNearEnd]);

  const shownFirst = laidOut[visible[0]?.index ?? -1]?.first ?? -1;
  const shownEnd = laidOut[visible.at(-1)?.index ?? -1]?.end ?? -1;
  useLayoutEffect(() => {
    if (shownFirst >= 0) onShown?.(shownFirst, shownEnd - 1);
  }, [shownFirst, shownEnd, onShown]);

  useImperativeHandle(ref, () => ({
    show: (index, focus = false) => {
      focusing.current = focus;
      setCurrent(index);
      rows.scrollToIndex(rowWith(laidOut, index), { align: focus ? "auto" : "start" });
    },
    within,
  }));

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
    if (isGridKey(key) && !ctrlKey && !metaKey && !altKey && (!shiftKey || onExtend)) {
      event.preventDefault();
      const page = Math.max(1, Math.floor(window.innerHeight / (heightOf(currentRow) + gap)) - 1);
      const next = nextPlace(current, key, { rows: laidOut, boxesOf, page });
      focusing.current = true;
      setCurrent(next);
      rows.scrollToIndex(rowWith(laidOut, next));
      if (shiftKey) onExtend?.(current, next);
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
      {rows.getVirtualItems().flatMap((virtual) => {
        const row = laidOut[virtual.index];
        const boxes = row ? boxesOf(row) : [];
        return items.slice(row?.first ?? 0, row?.end ?? 0).map((item, column) => {
          const index = (row?.first ?? 0) + column;
          return (
            <li
              key={getKey(item)}
              aria-setsize={items.length}
              aria-posinset={index + 1}
              data-index={index}
              className={styles.cell}
              style={cellStyle(row, boxes[column], virtual.start - place.top)}
            >
              {children(item, index === current ? 0 : -1, index)}
            </li>
          );
        });
      })}
    </ul>
  );
}

function cellStyle(row: Row | undefined, box: Box | undefined, top: number): CSSProperties {
  return { width: box?.width, height: row?.height, transform: `translate(${box?.left ?? 0}px, ${top}px)` };
}
