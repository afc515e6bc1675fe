import { describe, expect, it } from "vitest";

import {
  filterOf,
  isNarrowed,
  nothingAsked,
  readSearch,
  writeSearch,
} from "@/features/gallery/search/gallerySearch";
import { takeFilters } from "@/features/gallery/search/searchWords";

const ID = "0190b6c4-8f2e-7c3a-9d1e-3f5a7b9c1d2e";
const COLLECTIONS = [
  { id: ID, name: "Summer 바다" },
  { id: ID.replace("0", "1"), name: "Sun" },
];
const nothing = readSearch(new URLSearchParams());
const take = (typed: string, toTheEnd = true) => takeFilters(typed, nothing, COLLECTIONS, toTheEnd);

describe("words of the search field", () => {
  it("become filters where they are known", () => {
    const { left, search } = take(
      'red model:flux-dev tag:Sea tag:"far  shore" lora:ink seed:12 before:2026-11-02 after:2026-10-01 rating:4+ house',
    );
    expect(left).toBe("red house");
    expect(search).toEqual({
      ...nothing,
      model: "flux-dev",
      tags: ["sea", "far shore"],
      loras: ["ink"],
      seed: "12",
      before: "2026-11-02",
      after: "2026-10-01",
      rating: "4+",
    });
  });

  it("say what a picture is and where it lies", () => {
    expect(take("is:favorite").search.favorite).toBe(true);
    expect(take("is:uploaded").search.origin).toBe("uploaded");
    expect(take("is:public").search.visibility).toBe("public");
    expect(take("in:summer").search.in).toBe(ID);
    expect(take('in:"summer 바다"').search.in).toBe(ID);
  });

  it.each([
    "is:nice",
    "colour:red",
    "before:yesterday",
    "before:2026-02-30",
    "rating:6",
    "seed:many",
    "in:su",
    "in:nowhere",
    "model:",
    "-tag:sea",
    "http://example.org",
    '"tag:sea"',
  ])("stay words where they are not: %s", (typed) => {
    expect(take(typed)).toEqual({ left: typed, search: nothing });
  });

  it("stay what they are while they are being typed", () => {
    expect(take("tag:sea", false)).toEqual({ left: "tag:sea", search: nothing });
    expect(take("tag:sea ", false).search.tags).toEqual(["sea"]);
  });
});

describe("the address of a search", () => {
  it("says all of it, and gives it back", () => {
    const { search } = take(
      "model:flux tag:sea lora:ink rating:5 is:favorite is:made in:sun before:2026-11-02",
    );
    const asked = { ...search, q: "red house", sort: "rating", width: "512" };
    const address = writeSearch(new URLSearchParams("view=1"), asked);
    expect(readSearch(address)).toEqual(asked);
    expect(address.get("view")).toBe("1");
    expect(writeSearch(address, nothing).toString()).toBe("view=1");
  });

  it("may say anything, of which only what can be asked for is", () => {
    const address = new URLSearchParams({
      seed: "-1",
      rating: "9",
      in: "x",
      before: "2026-13-01",
      sort: "best",
    });
    expect(readSearch(address)).toEqual(nothing);
  });

  it("asks the server for the days of this place, for seeds as they are written, and for ranges", () => {
    const query = filterOf({
      ...nothing,
      after: "2026-10-01",
      rating: "4+",
      seed: "18446744073709551615",
      height: "600",
    }).more;
    expect(query).toMatchObject({ rating_from: 4, height_from: 600 });
    expect(query).not.toHaveProperty("rating_to");
    expect(String(query?.seed)).toBe("18446744073709551615");
    expect(query?.created_from).toBe(new Date("2026-10-01T00:00:00").toISOString());
    expect(filterOf({ ...nothing, rating: "3" }).more).toMatchObject({ rating_from: 3, rating_to: 3 });
  });

  it("is narrowed by all but the order and the favorites, which stay when the rest goes", () => {
    const asked = { ...nothing, sort: "rating", favorite: true };
    expect(isNarrowed(asked)).toBe(false);
    expect(isNarrowed({ ...asked, loras: ["ink"] })).toBe(true);
    expect(nothingAsked({ ...asked, q: "red", tags: ["sea"] })).toEqual(asked);
  });
});
