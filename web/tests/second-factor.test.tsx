/** What somebody is told who enters codes that are wrong. */
import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { client } from "@/api/generated/client.gen";
import { SecondFactorForm } from "@/features/account/SecondFactorForm";

import { json, show, studio } from "./fakeStudio";

beforeEach(() => {
  client.setConfig({ baseUrl: "http://studio" });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function enter(code: string) {
  const person = userEvent.setup();
  await person.type(screen.getByLabelText("Code"), code);
  await person.click(screen.getByRole("button", { name: "Sign in" }));
}

test("each wrong code says how many more are taken, and the last one leaves nothing but to begin again", async () => {
  let left = 2;
  studio({
    "POST /auth/second-factor": () => json({ code: "wrong_code", tries_left: (left -= 1) }, 422),
  });
  const startAgain = vi.fn();
  show(<SecondFactorForm challenge="x" onStartAgain={startAgain} />);

  await enter("000000");
  expect(await screen.findByText(/1 more try, then you begin again/)).toBeTruthy();
  await enter("000000");

  expect((await screen.findByRole("alert")).textContent).toMatch(/last try.*Your account is not locked/);
  expect(screen.queryByLabelText("Code")).toBeNull();
  const again = screen.getByRole("button", { name: "Begin again" });
  expect(document.activeElement).toBe(again);
  again.click();
  expect(startAgain).toHaveBeenCalledOnce();
});

test("a sign-in that is over says so and can be begun again", async () => {
  studio({ "POST /auth/second-factor": () => json({ code: "challenge_over" }, 409) });
  show(<SecondFactorForm challenge="x" onStartAgain={vi.fn()} />);

  await enter("000000");

  expect((await screen.findByRole("alert")).textContent).toMatch(/no more codes are taken/);
  expect(screen.getAllByRole("button")).toHaveLength(1);
});

test("an account whose codes were guessed says until when, and that a recovery code is taken", async () => {
  studio({
    "POST /auth/second-factor": () => {
      const refused = json({ code: "rate_limited", budget: "second_factor" }, 429);
      refused.headers.set("Retry-After", "300");
      return refused;
    },
  });
  show(<SecondFactorForm challenge="x" onStartAgain={vi.fn()} />);

  await enter("000000");

  expect((await screen.findByRole("alert")).textContent).toMatch(/Try again in 5 min.* recovery code/);
});
