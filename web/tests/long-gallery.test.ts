/** A long list of which some pages are held, what is chosen of it, and the months at its edge. */
import { act, renderHook } from "@testing-library/react";
import { describe, expect, test } from "vitest";

import type { Image, ImagePage } from "@/api/types";
import { EMPTY_BOOK, written, type Place } from "@/entities/image/places";
import { monthAt, monthOf, sharesOf } from "@/features/gallery/months";
import { useSelection } from "@/features/gallery/useSelection";
import { judged, withVerdict } from "@/features/gallery/verdicts";

const imageOf = (n: number) =>
  ({ id: `i${n}`, width: 300, height: 200, created_at: "2026-01-01T00:00:00Z" }) as Image;

function pageOf(first: number, count: number, next: string | null): ImagePage {
  return { items: Array.from({ length: count }, (_, n) => imageOf(first + n)), next_cursor: next };
}

describe("a list of which some pages are held", () => {
  const whole = written(EMPTY_BOOK, {
    pages: [pageOf(0, 3, "a"), pageOf(3, 3, "b")],
    pageParams: ["", "a"],
  });

  test("keeps the places of pages that were let go, without their pictures", () => {
    const later = written(whole, {
      pages: [pageOf(3, 3, "b"), pageOf(6, 2, null)],
      pageParams: ["a", "b"],
    });

    expect(later.places.map(({ id }) => id)).toEqual(["i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7"]);
    expect(later.places.map(({ image }) => image !== undefined)).toEqual([
      ...Array<boolean>(3).fill(false),
      ...Array<boolean>(5).fill(true),
    ]);
    expect(later.places[0]).toMatchObject({ ratio: 1.5, page: "" });
    expect([whole.next, later.next]).toEqual(["b", null]);
  });

  test("has a picture once that two readings found at different places", () => {
    const moved = written(whole, { pages: [pageOf(0, 3, "a"), pageOf(2, 3, "b")], pageParams: ["", "a"] });

    expect(moved.places.map(({ id }) => id)).toEqual(["i0", "i1", "i2", "i3", "i4"]);
  });

  test("begins with what is held where nothing leads there any more", () => {
    const other = written(whole, { pages: [pageOf(40, 2, null)], pageParams: ["z"] });

    expect(other.places.map(({ id }) => id)).toEqual(["i40", "i41"]);
  });

  test("is empty while it is read for the first time", () => {
    expect(written(whole, undefined).places).toEqual([]);
  });
});

describe("what is chosen", () => {
  const places: Place[] = Array.from({ length: 6 }, (_, n) => ({
    id: `i${n}`,
    ratio: 1,
    at: "",
    page: "",
    image: undefined,
  }));
  const chosen = () => {
    const { result } = renderHook(() => useSelection(places));
    const after = (deed: (selection: ReturnType<typeof useSelection>) => void) => {
      act(() => deed(result.current));
      return places.flatMap(({ id }) => (result.current.has(id) ? [id] : []));
    };
    return { result, after };
  };

  test("is put in and taken out one by one", () => {
    const { result, after } = chosen();

    expect(result.current.isOn).toBe(false);
    after((selection) => selection.toggle("i1"));
    expect(after((selection) => selection.toggle("i4"))).toEqual(["i1", "i4"]);
    expect(after((selection) => selection.toggle("i1"))).toEqual(["i4"]);
    expect(after((selection) => selection.clear())).toEqual([]);
  });

  test("reaches from the last one to another, in either direction", () => {
    const { after } = chosen();

    after((selection) => selection.toggle("i3"));
    expect(after((selection) => selection.rangeTo("i5"))).toEqual(["i3", "i4", "i5"]);
    expect(after((selection) => selection.rangeTo("i2"))).toEqual(["i2", "i3", "i4", "i5"]);
  });

  test("is all that match, until one is taken out", () => {
    const { result, after } = chosen();

    expect(after((selection) => selection.selectAll())).toHaveLength(6);
    expect(result.current.all).toBe(true);
    expect(after((selection) => selection.toggle("i0"))).toEqual(["i1", "i2", "i3", "i4", "i5"]);
    expect(result.current.all).toBe(false);
  });
});

describe("months at the edge", () => {
  const months = [
    { starts_at: "2026-01-31T15:00:00Z", ends_at: "2026-02-28T15:00:00Z", count: 90 },
    { starts_at: "2025-12-31T15:00:00Z", ends_at: "2026-01-31T15:00:00Z", count: 9 },
    { starts_at: "2025-11-30T15:00:00Z", ends_at: "2025-12-31T15:00:00Z", count: 1 },
  ];

  test("are as long as they have pictures, and none too short to be pointed at", () => {
    const shares = sharesOf(months);
    expect(shares[0]).toBe(0);
    expect(shares[1]).toBeGreaterThan(0.75);
    expect(1 - (shares[2] ?? 1)).toBeGreaterThan(0.05);
    expect([0, 0.5, 0.999, -1, 2].map((place) => monthAt(shares, place))).toEqual([0, 0, 2, 0, 2]);
  });

  test("are named for a day in their middle, wherever midnight is", () => {
    expect(months.map(monthOf).map((day) => day.slice(0, 7))).toEqual(["2026-02", "2026-01", "2025-12"]);
  });
});

test("a verdict is given, changed and taken back", () => {
  let verdicts = judged(judged(new Map(), "a", "rejected"), "b", "kept");
  verdicts = judged(verdicts, "b", "rejected");
  expect(withVerdict(verdicts, "rejected")).toEqual(["a", "b"]);
  verdicts = judged(verdicts, "a", "rejected");
  expect(withVerdict(verdicts, "rejected")).toEqual(["b"]);
  expect(withVerdict(verdicts, "kept")).toEqual([]);
});
