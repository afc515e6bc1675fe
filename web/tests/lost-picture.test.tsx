import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Receipt as ReceiptData } from "@/api/types";
import { LostPicture } from "@/entities/job/LostPicture";
import { Receipt } from "@/entities/job/Receipt";

import { json, show, signInHere, studio } from "./fakeStudio";

beforeEach(signInHere);

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const receipt: ReceiptData = {
  quoted: 40,
  held: 40,
  charged: 0,
  returned: 40,
  reason: "undelivered",
  gpu_seconds: 31,
};

test("a picture that does not load is reported with one press", async () => {
  const user = userEvent.setup();
  const calls = studio({ "POST /jobs/j1/report-missing": { id: "j1", status: "completed", receipt } });
  show(<LostPicture jobId="j1" />);

  await user.click(screen.getByRole("button", { name: "Report it and get the credits back" }));

  await vi.waitFor(() => expect(calls).toHaveLength(1));
  expect(screen.queryByRole("alert")).toBeNull();
});

test("one that is there after all is said to be, at once", async () => {
  const user = userEvent.setup();
  const calls = studio({ "POST /jobs/j1/report-missing": () => json({ code: "still_there" }, 409) });
  show(<LostPicture jobId="j1" />);

  await user.click(screen.getByRole("button"));

  expect((await screen.findByRole("alert")).textContent).toContain("The picture is there after all.");
  expect(calls).toHaveLength(1);
});

test("one that no job has made cannot be reported", () => {
  studio({});
  show(<LostPicture jobId={null} />);

  expect(screen.getByText("This picture does not load.")).toBeTruthy();
  expect(screen.queryByRole("button")).toBeNull();
});

test.each([
  ["undelivered", "The picture could not be read any more: all of it came back."],
  ["completed", "Charged by the second, never more than quoted."],
])("a receipt says why in words: %s", (reason, words) => {
  show(<Receipt receipt={{ ...receipt, reason }} failed={false} />);

  expect(screen.getByText(words)).toBeTruthy();
});
