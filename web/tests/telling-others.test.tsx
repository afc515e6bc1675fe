/** What leaves of how a picture was made: the preference, and downloads without it. */
import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Image, Recipe } from "@/api/types";
import { client } from "@/api/generated/client.gen";
import { signOut } from "@/api/session";
import { downloadCollectionPlain } from "@/entities/collection/actions/downloadCollection";
import { downloadManyPlain } from "@/entities/image/actions/downloadMany";
import { downloadPlain } from "@/entities/image/actions/downloadPlain";
import { plainFileNameOf } from "@/entities/image/fileName";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { PreferencesPage } from "@/features/settings/PreferencesPage";

import { json, show, signInHere, studio } from "./fakeStudio";
import { translatorIn } from "./words";

const IMAGE = {
  id: "0190a000-0000-7000-8000-0000deadbeef",
  format: "png",
  created_at: "2026-11-22T16:00:00Z",
  generation_params: { prompt: "a secret garden" },
} as unknown as Image;
const doing = {} as never;

beforeEach(() => {
  client.setConfig({ baseUrl: "http://studio" });
  signInHere();
});

afterEach(() => {
  cleanup();
  signOut();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** What the browser is told to save. */
function saved(): { href: string; name: string }[] {
  const files: { href: string; name: string }[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    files.push({ href: new URL(this.href).pathname, name: this.download });
  });
  return files;
}

test("a picture is saved without its settings, and under a name that says none of its words", async () => {
  studio({ [`GET /images/${IMAGE.id}`]: { ...IMAGE, plain_file_url: "/files/plain/a.png" } });
  const files = saved();

  await downloadPlain.run(IMAGE, doing);

  expect(files).toEqual([{ href: "/files/plain/a.png", name: "2026-11-22-deadbeef.png" }]);
  expect(plainFileNameOf(IMAGE)).not.toContain("garden");
});

test.each([
  [{ job_type: "txt2img" }, "Picture made by AI"],
  [{ job_type: "img2img" }, "Picture made by AI"],
  [{}, "Uploaded picture"],
])("what is known of a picture without its settings is what it is called: %o", (recipe, title) => {
  expect(pictureTitle(recipe as Recipe, translatorIn("en"))).toBe(title);
});

test("many pictures and collections are packed without their settings", async () => {
  const calls = studio({ "POST /images/archives": () => json({ url: "/files/archives/a.zip" }, 201) });
  const files = saved();

  await downloadManyPlain.run({ ids: ["a", "b"] }, doing);
  await downloadManyPlain.run({ filter: {} }, doing);
  await downloadCollectionPlain.run({ id: "c", image_count: 2 }, doing);

  expect(calls.map(({ body }) => body)).toEqual([
    { of: "images", ids: ["a", "b"], notes: "without" },
    { of: "filter", filter: {}, notes: "without" },
    { of: "collection", collection_id: "c", notes: "without" },
  ]);
  expect(files).toHaveLength(3);
});

test.each([
  ["en", "Tell others how they were made: prompt and settings"],
  ["ko", "어떻게 만들었는지(프롬프트와 설정) 알리기"],
] as const)("one chooses in %s whether others learn how pictures were made", async (language, label) => {
  const calls = studio({
    "GET /me": { id: "1", profile: { preferences: {} } },
    "GET /models": { items: [] },
    "PATCH /me": {},
  });
  show(<PreferencesPage />, "/", language);
  const person = userEvent.setup();

  const choice = await screen.findByRole("switch", { name: label });
  expect(choice.getAttribute("aria-checked")).toBe("true");
  await person.click(choice);

  await waitFor(() => {
    const sent = calls.filter(({ method }) => method === "PATCH").map(({ body }) => body);
    expect(sent).toEqual([{ preferences: { tell_others: "label" } }]);
  });
});
