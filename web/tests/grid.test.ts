import { describe, expect, test } from "vitest";

import { columnsOf, nextPlace } from "@/ui/gridKeys";

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
  const grid = { columns: 4, count: 10, page: 2 };

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
});
