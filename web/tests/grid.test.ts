import { describe, expect, test } from "vitest";

import { columnsOf } from "@/ui/VirtualGrid";

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
