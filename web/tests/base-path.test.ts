import { afterEach, beforeEach, expect, test, vi } from "vitest";

const openPage = async (basePath: string) => {
  document.head.innerHTML = `<meta name="base-path" content="${basePath}" />`;
  vi.resetModules();
  return import("@/api/basePath");
};

beforeEach(() => vi.unstubAllGlobals());
afterEach(() => {
  document.head.innerHTML = "";
});

test("a studio at the root of its host has every address there", async () => {
  const { BASE_PATH, isBelow, ownPath } = await openPage("");

  expect(BASE_PATH).toBe("");
  expect(["/", "/gallery", "/sign-in/link"].map(ownPath)).toEqual(["/", "/gallery", "/sign-in/link"]);
  expect(isBelow("/gallery")).toBe(true);
});

test("a studio below a path has those below it", async () => {
  const { isBelow, ownPath } = await openPage("/studio");

  expect(["/studio", "/studio/", "/studio/gallery"].map(ownPath)).toEqual(["/", "/", "/gallery"]);
  expect(["/", "/gallery", "/studios/gallery"].map(isBelow)).toEqual([false, false, false]);
});

test("the page calls the API below the path", async () => {
  const asked: string[] = [];
  await openPage("/studio");
  vi.stubGlobal("fetch", (request: Request | string) => {
    asked.push(typeof request === "string" ? request : new URL(request.url).pathname);
    return Promise.resolve(
      new Response("{}", { status: 401, headers: { "Content-Type": "application/json" } }),
    );
  });
  const { startSession } = await import("@/api/session");
  const { listPlans } = await import("@/api/generated");

  await startSession();
  await listPlans().catch(() => undefined);

  expect(asked).toEqual(["/studio/api/v1/auth/refresh", "/studio/api/v1/plans"]);
});
