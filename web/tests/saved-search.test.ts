import { describe, expect, it } from "vitest";

import type { FilterIn } from "@/api/generated";
import { readSearch, writeSearch } from "@/features/gallery/search/gallerySearch";
import { addressOf } from "@/features/gallery/search/SavedSearches";
import { keptOf, searchOf } from "@/features/gallery/search/savedSearch";

const ID = "0190b6c4-8f2e-7c3a-9d1e-3f5a7b9c1d2e";
const ADDRESS =
  `show=favorites&tag=sea&tag=고양이&lora=ink&q=house&model=toy&job_type=txt2img&seed=18446744073709551615&origin=made` +
  `&rating=3%2B&visibility=public&after=2026-10-01&before=2026-11-02&in=${ID}&width=512&height=640&sort=rating`;
const saved = (filter: FilterIn, sort: "rating" | null = null) => ({
  id: ID,
  name: "Sea",
  filter,
  sort,
  is_collection: false,
  cover_image_id: null,
  cover_image_url: null,
  created_at: "2026-11-01T00:00:00Z",
});

describe("a saved search", () => {
  it("is opened as it was asked for", () => {
    const search = readSearch(new URLSearchParams(ADDRESS));
    // The server writes the same moments otherwise.
    const kept = JSON.parse(JSON.stringify(keptOf(search)).replaceAll(".000Z", "Z")) as FilterIn;
    const opened = searchOf(kept, search.sort);
    expect(opened).toEqual(search);
    expect(opened && writeSearch(new URLSearchParams(), opened).get("seed")).toBe("18446744073709551615");
  });

  it("has the gallery's address", () => {
    expect(addressOf(saved({ tag: ["sea"] }, "rating"))).toBe(`/gallery?saved=${ID}&tag=sea&sort=rating`);
    expect(addressOf(saved({}))).toBe(`/gallery?saved=${ID}`);
  });

  it.each<FilterIn>([
    { width_to: 512 },
    { favorite: false },
    { rating_from: 2, rating_to: 3 },
    { rating_to: 3 },
    { created_from: "2026-01-31T09:30:00Z" },
    { api_key: ID },
  ])("that no control of the gallery can say has a page of its own: %j", (filter) => {
    expect(searchOf(filter, null)).toBeNull();
    expect(addressOf(saved(filter))).toBe(`/gallery/searches/${ID}`);
  });
});
