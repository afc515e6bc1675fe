import { beforeEach, expect, test, vi } from "vitest";

const openPage = async (hash: string) => {
  vi.resetModules();
  window.history.replaceState(window.history.state, "", `/verify-email${hash}`);
  return import("@/features/account/linkToken");
};

beforeEach(() => window.history.replaceState(null, "", "/"));

test("what a link did is still there when its page is opened again, and its token is not", async () => {
  const page = await openPage("#token=one");
  expect(page.takeLinkToken()).toBe("one");

  page.keepOutcome({ email: "a@example.com" });
  const again = await openPage("");

  expect(again.keptOutcome()).toEqual({ email: "a@example.com" });
  expect(again.linkToken()).toBe("");
});

test("another link begins anew", async () => {
  (await openPage("#token=one")).keepOutcome({ email: "a@example.com" });

  const page = await openPage("#token=two");

  expect(page.keptOutcome()).toBeUndefined();
  expect(page.linkToken()).toBe("two");
});

test("a token that is kept outlives a reload until it is forgotten", async () => {
  (await openPage("#token=one")).keepLinkToken();
  const again = await openPage("");
  expect(again.linkToken()).toBe("one");

  again.forgetLinkToken();

  expect((await openPage("")).linkToken()).toBe("");
});
