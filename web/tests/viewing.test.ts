import { beforeEach, expect, test, vi } from "vitest";

import type { Tokens, User } from "@/api/types";

const ADMIN = { id: "admin", display_name: "Ada", role: "admin" };
const NARI = { id: "nari", display_name: "Nari", role: "user" };
const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const tokens = (access_token: string, user: unknown = ADMIN) => ({ access_token, expires_in: 900, user });

// The session is the state of a page; each test opens a new one, where an admin is signed in and looks as Nari.
const openPage = async () => {
  vi.resetModules();
  localStorage.clear();
  const session = await import("@/api/session");
  const client = await import("@/api/generated");
  session.signIn(tokens("own") as unknown as Tokens);
  session.lookAs(NARI as unknown as User, "looking", 900);
  return { ...session, ...client };
};

beforeEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("an admin sees what the person sees, and their own session stands aside", async () => {
  const page = await openPage();

  expect(page.readSession()).toEqual({ status: "signed-in", user: NARI, viewed: true });
  expect(await page.freshToken()).toBe("looking");
  page.endView();

  expect(page.readSession()).toEqual({ status: "signed-in", user: ADMIN });
  expect(await page.freshToken()).toBe("own");
  expect(page.takeEndedView()).toEqual(NARI);
  expect(page.takeEndedView()).toBeNull();
});

test("the token to look with is kept nowhere", async () => {
  await openPage();

  expect(JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])).not.toContain(
    "looking",
  );
});

test("looking ends by itself when its time is over", async () => {
  vi.useFakeTimers();
  const page = await openPage();

  vi.advanceTimersByTime(899_000);
  expect(page.readSession()).toMatchObject({ viewed: true });
  vi.advanceTimersByTime(1_000);

  expect(page.readSession()).toEqual({ status: "signed-in", user: ADMIN });
});

test("a call that was made with somebody's eyes is never made again as oneself", async () => {
  const sent: (string | null)[] = [];
  const fetch = vi.fn((request: Request | string) => {
    if (typeof request === "string") return Promise.resolve(json(tokens("new")));
    sent.push(request.headers.get("Authorization"));
    return Promise.resolve(json({ code: "invalid_token" }, 401));
  });
  vi.stubGlobal("fetch", fetch);
  const page = await openPage();

  const call = page.updateImage({
    baseUrl: "http://studio",
    path: { image_id: "x" },
    body: { is_favorite: true },
  });

  await expect(call).rejects.toMatchObject({ code: "invalid_token" });
  expect(sent).toEqual(["Bearer looking"]);
  expect(page.readSession()).toEqual({ status: "signed-in", user: ADMIN });
});

test("looking ends with the session of the admin", async () => {
  const page = await openPage();

  page.signOut();

  expect(page.readSession()).toEqual({ status: "signed-out" });
  expect(page.takeEndedView()).toBeNull();
});

test("a token of the admin's that another tab renewed does not end it", async () => {
  const page = await openPage();

  page.signIn(tokens("newer") as unknown as Tokens);
  expect(await page.freshToken()).toBe("looking");
  page.endView();

  expect(await page.freshToken()).toBe("newer");
});
