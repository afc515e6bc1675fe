import { beforeEach, expect, test, vi } from "vitest";

const USER = {
  id: "0190a000-0000-7000-8000-000000000001",
  email: "a@example.com",
  display_name: "A",
  role: "user",
  status: "active",
  created_at: "2026-01-01T00:00:00Z",
};
const tokens = (access_token: string, expires_in = 900) => ({
  access_token,
  refresh_token: null,
  token_type: "bearer",
  expires_in,
  user: USER,
});
const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

// The session is the state of a page; each test opens a new one.
const openPage = async () => {
  vi.resetModules();
  const session = await import("@/api/session");
  const client = await import("@/api/generated");
  const here = await import("@/api/signedInHere");
  return { ...session, ...client, ...here };
};

beforeEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

test("a page whose cookie stands is signed in when it opens", async () => {
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(json(tokens("one"))));
  const page = await openPage();

  await page.startSession();

  expect(page.readSession()).toEqual({ status: "signed-in", user: USER });
});

test("a page without a session asks for a sign-in", async () => {
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(json({ code: "unauthorized" }, 401)));
  const page = await openPage();

  await page.startSession();

  expect(page.readSession()).toEqual({ status: "signed-out" });
});

test.each([
  ["is restarting", () => Promise.resolve(json({ code: "unavailable" }, 503))],
  ["cannot be reached", () => Promise.reject(new TypeError("network"))],
])("a studio that %s does not sign anybody out", async (_, answer) => {
  vi.stubGlobal("fetch", vi.fn().mockImplementation(answer));
  const page = await openPage();

  await page.startSession();

  expect(page.readSession()).toEqual({ status: "unreachable" });
});

test("callers that come at once share one refresh", async () => {
  const fetch = vi.fn().mockImplementation(() => Promise.resolve(json(tokens("one"))));
  vi.stubGlobal("fetch", fetch);
  const page = await openPage();

  const all = await Promise.all([page.freshToken(), page.freshToken(), page.refresh()]);

  expect(all).toEqual(["one", "one", "one"]);
  expect(fetch).toHaveBeenCalledTimes(1);
});

test("a token about to end is renewed before it is used", async () => {
  const fetch = vi.fn().mockResolvedValue(json(tokens("two")));
  vi.stubGlobal("fetch", fetch);
  const page = await openPage();
  page.signIn(tokens("one", 5) as Parameters<typeof page.signIn>[0]);

  expect(await page.freshToken()).toBe("two");
});

test("a call that is refused once is made again with a new token and the same body", async () => {
  const seen: [string, string | null, string][] = [];
  const fetch = vi.fn(async (input: Request | string) => {
    if (typeof input === "string") return json(tokens("two"));
    seen.push([input.url, input.headers.get("Authorization"), await input.text()]);
    return seen.length === 1 ? json({ code: "token_expired" }, 401) : json({ is_favorite: true });
  });
  vi.stubGlobal("fetch", fetch);
  const page = await openPage();
  page.signIn(tokens("one") as Parameters<typeof page.signIn>[0]);

  const image = await page.updateImage({
    baseUrl: "http://studio",
    path: { image_id: "x" },
    body: { is_favorite: true },
  });

  expect(image.is_favorite).toBe(true);
  expect(seen.map(([, token, body]) => [token, body])).toEqual([
    ["Bearer one", '{"is_favorite":true}'],
    ["Bearer two", '{"is_favorite":true}'],
  ]);
});

test("a refused call throws a problem with its code and its fields", async () => {
  const body = {
    code: "validation_error",
    detail: "Not valid.",
    errors: [{ loc: ["body", "steps"], msg: "too many" }],
  };
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(json(body, 422)));
  const page = await openPage();

  const call = page.login({ baseUrl: "http://studio", body: { email: "a", password: "b" } });

  await expect(call).rejects.toMatchObject({
    code: "validation_error",
    errors: [{ field: "steps", message: "too many", code: null }],
  });
});

test.each([
  ["does not answer", () => Promise.reject(new TypeError("network")), "unreachable"],
  [
    "is somebody else's page",
    () => Promise.resolve(new Response("<h1>Sign in to the network</h1>")),
    "unreachable",
  ],
  ["is a proxy's page", () => Promise.resolve(new Response("Bad gateway", { status: 502 })), "unavailable"],
])("a call whose answer %s throws a problem", async (_, answer, code) => {
  vi.stubGlobal("fetch", vi.fn().mockImplementation(answer));
  const page = await openPage();

  await expect(page.listPlans({ baseUrl: "http://studio" })).rejects.toMatchObject({ name: "Problem", code });
});

test("a call that its caller gives up is no problem", async () => {
  vi.stubGlobal(
    "fetch",
    vi.fn((request: Request) => {
      request.signal.throwIfAborted();
      return Promise.resolve(json({}));
    }),
  );
  const page = await openPage();

  const call = page.listPlans({ baseUrl: "http://studio", signal: AbortSignal.abort() });

  await expect(call).rejects.toMatchObject({ name: "AbortError" });
});

test("nobody's token goes with a call that signs somebody in", async () => {
  const seen: (string | null)[] = [];
  vi.stubGlobal(
    "fetch",
    vi.fn((request: Request) => {
      seen.push(request.headers.get("Authorization"));
      return Promise.resolve(json({ code: "invalid_credentials" }, 401));
    }),
  );
  const page = await openPage();
  page.signIn(tokens("one") as Parameters<typeof page.signIn>[0]);

  const call = page.login({ baseUrl: "http://studio", body: { email: "a", password: "b" } });

  await expect(call).rejects.toMatchObject({ code: "invalid_credentials" });
  expect(seen).toEqual([null]);
});

test("a browser that knows nothing of us is asked about inside, and not at the ways in", async () => {
  const page = await openPage();

  expect(page.mayBeSignedIn("/create")).toBe(true);
  expect(page.mayBeSignedIn("/")).toBe(true);
  expect(page.mayBeSignedIn("/sign-in")).toBe(false);
  expect(page.mayBeSignedIn("/sign-up")).toBe(false);
});

test("one that signed in is asked about everywhere until it signs out", async () => {
  vi.stubGlobal("fetch", vi.fn());
  const page = await openPage();

  page.signIn(tokens("one") as Parameters<typeof page.signIn>[0]);
  expect(page.wasSignedIn()).toBe(true);
  expect(page.mayBeSignedIn("/sign-in")).toBe(true);

  page.signOut();
  expect(page.wasSignedIn()).toBe(false);
  expect(page.mayBeSignedIn("/sign-in")).toBe(false);
  expect(page.mayBeSignedIn("/create")).toBe(true);
});

test("one with traces of an older page is asked about, for it may be signed in", async () => {
  localStorage.setItem("pingvas.language", "ko");
  const page = await openPage();

  expect(page.mayBeSignedIn("/sign-in")).toBe(true);
  expect(page.wasSignedIn()).toBe(false);
});

test("one whose storage is shut is asked about everywhere", async () => {
  const page = await openPage();
  vi.stubGlobal("localStorage", {
    getItem: () => {
      throw new DOMException("shut");
    },
  });

  expect(page.mayBeSignedIn("/sign-in")).toBe(true);
  expect(page.wasSignedIn()).toBe(false);
});

test("who is not asked about is signed out, and takes away nothing that another tab knows", async () => {
  const fetch = vi.fn();
  vi.stubGlobal("fetch", fetch);
  const page = await openPage();
  localStorage.setItem("pingvas.signed_in", "1");

  page.startSignedOut();

  expect(page.readSession()).toEqual({ status: "signed-out" });
  expect(await page.freshToken()).toBeNull();
  expect(fetch).not.toHaveBeenCalled();
  expect(page.wasSignedIn()).toBe(true);
});

test("somebody who was suspended meanwhile is signed out, and the page knows why", async () => {
  vi.stubGlobal(
    "fetch",
    vi
      .fn()
      .mockResolvedValueOnce(json(tokens("one")))
      .mockImplementation(() => Promise.resolve(json({ code: "account_suspended", reason: "spam" }, 403))),
  );
  const page = await openPage();
  await page.startSession();

  await expect(page.getMe()).rejects.toMatchObject({ code: "account_suspended" });

  expect(page.readSession()).toMatchObject({ status: "signed-out", problem: { words: { reason: "spam" } } });
});
