import { describe, expect, test } from "vitest";

import { columnsOf, nextPlace } from "@/ui/gridKeys";
import { boxesOf, justifiedRows, rowsOfColumns, rowWith, shownRatio, type Row } from "@/ui/gridRows";

describe("the columns of a grid", () => {
  test("are as many as fit with the gaps between them", () => {
    expect(columnsOf(1000, 200, 10)).toBe(4);
    expect(columnsOf(1040, 200, 10)).toBe(5);
  });

  test("are never none, however narrow it is", () => {
    expect(columnsOf(100, 200, 10)).toBe(1);
    expect(columnsOf(0, 200, 10)).toBe(1);
  });
});

describe("the keys of a grid", () => {
  const grid = {
    rows: rowsOfColumns(10, 4, 100),
    boxesOf: (row: Row) => boxesOf(row, () => 1, 10),
    page: 2,
  };

  test("go from cell to cell and from row to row", () => {
    expect(nextPlace(5, "ArrowLeft", grid)).toBe(4);
    expect(nextPlace(3, "ArrowRight", grid)).toBe(4);
    expect(nextPlace(5, "ArrowUp", grid)).toBe(1);
    expect(nextPlace(1, "ArrowDown", grid)).toBe(5);
    expect(nextPlace(9, "Home", grid)).toBe(0);
    expect(nextPlace(0, "End", grid)).toBe(9);
    expect(nextPlace(9, "PageUp", grid)).toBe(1);
  });

  test("stay inside it, and reach a last row that is shorter", () => {
    expect(nextPlace(0, "ArrowLeft", grid)).toBe(0);
    expect(nextPlace(9, "ArrowRight", grid)).toBe(9);
    expect(nextPlace(2, "ArrowUp", grid)).toBe(2);
    expect(nextPlace(7, "ArrowDown", grid)).toBe(9);
    expect(nextPlace(8, "ArrowDown", grid)).toBe(8);
    expect(nextPlace(8, "PageDown", grid)).toBe(9);
  });

  test("go to what lies below, where cells differ in width", () => {
    const ratios = [2, 1, 1, 1, 1, 2];
    const rows = [
      { first: 0, end: 3, height: 100 },
      { first: 3, end: 6, height: 100 },
    ];
    const wide = { rows, boxesOf: (row: Row) => boxesOf(row, (index) => ratios[index] ?? 1, 0), page: 1 };
    expect(nextPlace(2, "ArrowDown", wide)).toBe(5);
    expect(nextPlace(1, "ArrowDown", wide)).toBe(5);
    expect(nextPlace(3, "ArrowUp", wide)).toBe(0);
  });
});

describe("rows of pictures in their own proportions", () => {
  const ratios = Array.from({ length: 997 }, (_, n) => [1, 1.5, 0.67, 1.78, 0.56, 20, 0.01][n % 7] ?? 1);
  const rows = justifiedRows(ratios, 1000, { target: 200, gap: 8 });
  const ratioOf = (index: number) => shownRatio(ratios[index] ?? 1);

  test("have every picture once, in order", () => {
    expect(rows[0]?.first).toBe(0);
    expect(rows.at(-1)?.end).toBe(ratios.length);
    for (const [place, row] of rows.entries()) expect(row.first).toBe(rows[place - 1]?.end ?? 0);
  });

  test("reach from edge to edge, but for the last", () => {
    for (const row of rows.slice(0, -1)) {
      const last = boxesOf(row, ratioOf, 8).at(-1);
      expect((last?.left ?? 0) + (last?.width ?? 0)).toBeCloseTo(1000, 3);
    }
    expect(rows.at(-1)?.height).toBeLessThanOrEqual(200);
  });

  test("are about as high as is wanted", () => {
    for (const { height } of rows.slice(0, -1)) {
      expect(height).toBeGreaterThan(110);
      expect(height).toBeLessThan(320);
    }
  });

  test("are found by a picture in them", () => {
    for (const index of [0, 1, 500, 996]) {
      const row = rows[rowWith(rows, index)];
      expect(row && row.first <= index && index < row.end).toBe(true);
    }
    expect(rowWith(rows, 5000)).toBe(rows.length - 1);
    expect(rowWith([], 0)).toBe(0);
  });

  test("begin the same however many follow, so that more of them move nothing", () => {
    const fewer = justifiedRows(ratios.slice(0, 500), 1000, { target: 200, gap: 8 });
    expect(rows.slice(0, fewer.length - 1)).toEqual(fewer.slice(0, -1));
  });

  test("are there for one picture in a narrow window", () => {
    expect(justifiedRows([3], 120, { target: 200, gap: 4 })).toEqual([{ first: 0, end: 1, height: 40 }]);
    expect(justifiedRows([], 120, { target: 200, gap: 4 })).toEqual([]);
  });
});
