/** What the pages of the account say of what became of a change. */
import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { client } from "@/api/generated/client.gen";
import { signOut } from "@/api/session";
import { DefaultsForm } from "@/features/settings/DefaultsForm";
import { LeavingPage } from "@/features/settings/LeavingPage";
import { Toaster } from "@/ui/Toaster";

import { json, show, signInHere, studio } from "./fakeStudio";

beforeEach(() => {
  client.setConfig({ baseUrl: "http://studio" });
  signInHere();
});

afterEach(() => {
  cleanup();
  signOut();
  vi.unstubAllGlobals();
});

test("defaults are saved when the studio says so, and can be sent again when it did not", async () => {
  let saved = false;
  const calls = studio({
    "GET /models": { items: [] },
    "PATCH /me": () => (saved ? {} : json({ code: "unavailable" }, 503)),
  });
  show(
    <>
      <DefaultsForm kept={{}} />
      <Toaster />
    </>,
  );
  const person = userEvent.setup();
  const save = () => screen.getByRole("button", { name: "Save" });
  await person.type(screen.getByLabelText("Steps"), "30");

  await person.click(save());

  expect(
    await screen.findAllByText("The studio cannot answer right now. Try again in a moment."),
  ).not.toHaveLength(0);
  expect(screen.queryByText("Saved")).toBeNull();
  saved = true;
  await person.click(save());
  expect(await screen.findByText("Saved")).toBeTruthy();
  expect(save().hasAttribute("disabled")).toBe(true);
  const sent = calls.filter(({ method }) => method === "PATCH").map(({ body }) => body);
  expect(sent).toEqual(Array(2).fill({ preferences: { defaults: { steps: 30 } } }));
});

test("a deletion that was taken back elsewhere is taken back here too: the session is read anew", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (call: Request | string) => {
    asked.push(new URL(typeof call === "string" ? call : call.url, "http://studio").pathname);
    return Promise.resolve(json({ code: "conflict" }, 409));
  });
  show(<LeavingPage />);

  await userEvent.setup().click(screen.getByRole("button", { name: "Keep my account" }));

  await waitFor(() => expect(asked).toContain("/api/v1/auth/refresh"));
  expect(screen.queryByText("That contradicts what is there now. Reload to see it.")).toBeNull();
});
