import { cleanup, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Image } from "@/api/types";
import { putAway, showAgain } from "@/entities/image/deletions";
import { Lineage } from "@/features/gallery/Lineage";
import { Similar } from "@/features/gallery/Similar";

import { json, show, signInHere, studio } from "./fakeStudio";

const LINEAGE = "GET /images/here/lineage";
const SIMILAR = "GET /images/here/similar";

beforeEach(signInHere);

afterEach(() => {
  showAgain(["child"]);
  cleanup();
  vi.unstubAllGlobals();
});

function image(id: string): Image {
  return {
    id,
    job_id: null,
    width: 256,
    height: 128,
    format: "png",
    file_size: 2048,
    visibility: "private",
    is_favorite: false,
    rating: 0,
    tags: [],
    generation_params: { prompt: `a picture named ${id}` },
    thumbnail_url: null,
    thumbnail_large_url: null,
    thumbhash: null,
    file_url: `/files/${id}.png`,
    api_key: null,
    created_at: "2026-11-01T00:00:00Z",
    trashed_at: null,
  };
}

const kin = (id: string, generation: number) => ({ image: image(id), generation });
const link = (image_id: string, source_id: string, role: string) => ({ image_id, source_id, role });

function lineage(changes: object) {
  return { made_from: [], made_of_it: [], links: [], same_prompt: [], more: false, ...changes };
}

/** The rows by their titles: which pictures they lead to, and what is said of each. */
async function rows(): Promise<Record<string, string[]>> {
  await screen.findAllByRole("heading", { level: 2 });
  return Object.fromEntries(
    screen.getAllByRole("heading", { level: 2 }).map((title) => [
      title.textContent,
      within(title.parentElement as HTMLElement)
        .getAllByRole("link")
        .map((one) => `${one.getAttribute("href")?.replace("/gallery?view=", "")} ${one.textContent}`.trim()),
    ]),
  );
}

test("a picture leads to those it was made from and those made of it, and says how far they are", async () => {
  studio({
    [LINEAGE]: lineage({
      made_from: [kin("source", -1), kin("pose", -1), kin("grandparent", -2)],
      made_of_it: [kin("child", 1), kin("grandchild", 2)],
      links: [link("here", "source", "source"), link("here", "pose", "control")],
    }),
  });
  show(<Lineage id="here" />);

  expect(await rows()).toEqual({
    // Where it started from stands by itself.
    "Also made from": ["pose Guide", "grandparent 2 steps back"],
    "Made of it": ["child", "grandchild 2 steps on"],
  });
});

test("a picture of the same prompt that was made of it stands once", async () => {
  studio({
    [LINEAGE]: lineage({ made_of_it: [kin("child", 1)], same_prompt: [image("child"), image("sibling")] }),
  });
  show(<Lineage id="here" />);

  expect(await rows()).toEqual({ "Made of it": ["child"], "Others of this prompt": ["sibling"] });
});

test("what was just deleted is not led to", async () => {
  putAway("child");
  studio({
    [LINEAGE]: lineage({ made_of_it: [kin("child", 1)], same_prompt: [image("sibling")], more: true }),
  });
  show(<Lineage id="here" />);

  expect(await rows()).toEqual({ "Others of this prompt": ["sibling"] });
  expect(screen.getByText("There are more, further away.")).toBeTruthy();
});

test("a picture without any, and somebody else's, say nothing", async () => {
  const calls = studio({ [LINEAGE]: () => json({ code: "not_found" }, 404) });
  show(<Lineage id="here" />);

  await vi.waitFor(() => expect(calls).toHaveLength(1));
  expect(screen.queryByRole("heading")).toBeNull();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("similar pictures are asked for when somebody wants to see them", async () => {
  const user = userEvent.setup();
  const calls = studio({
    [SIMILAR]: { same: [image("twin")], alike: [{ image: image("cousin"), distance: 12 }], is_known: true },
  });
  show(<Similar id="here" />);
  expect(calls).toHaveLength(0);

  await user.click(screen.getByRole("button", { name: "Find similar pictures" }));

  expect(await rows()).toEqual({ "The very same": ["twin"], "Look alike": ["cousin"] });
});

test.each([
  [true, "No other picture of yours looks like this one."],
  [false, "This picture is new and is not compared yet. Try again in a minute."],
])("where none is similar, that is said; compared yet: %s", async (is_known, words) => {
  const user = userEvent.setup();
  studio({ [SIMILAR]: { same: [], alike: [], is_known } });
  show(<Similar id="here" />);

  await user.click(screen.getByRole("button"));

  expect((await screen.findByRole("status")).textContent).toBe(words);
});

test("a search for similar ones that fails says why, and is tried again", async () => {
  const user = userEvent.setup();
  let broken = true;
  studio({
    [SIMILAR]: () =>
      broken ? json({ code: "unavailable" }, 503) : { same: [image("twin")], alike: [], is_known: true },
  });
  show(<Similar id="here" />);
  await user.click(screen.getByRole("button", { name: "Find similar pictures" }));
  await screen.findByRole("alert");

  broken = false;
  await user.click(screen.getByRole("button", { name: "Try again" }));

  expect(await rows()).toEqual({ "The very same": ["twin"] });
});
