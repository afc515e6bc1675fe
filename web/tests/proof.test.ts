import { beforeEach, expect, test, vi } from "vitest";

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

const openPage = async () => {
  vi.resetModules();
  const session = await import("@/api/session");
  const proof = await import("@/api/proof");
  const client = await import("@/api/generated");
  const tokens = { access_token: "one", expires_in: 900, user: { id: "1" } };
  session.signIn(tokens as unknown as Parameters<typeof session.signIn>[0]);
  return { ...proof, ...client };
};
const CALL = { baseUrl: "http://studio", path: { user_id: "x" }, body: { reason: "because" } };

beforeEach(() => vi.unstubAllGlobals());

test("a call that wants proof is made again with the same body once there is some", async () => {
  const bodies: string[] = [];
  let proved = false;
  vi.stubGlobal("fetch", async (request: Request) => {
    bodies.push(await request.text());
    return proved ? json({ count: 2 }) : json({ code: "proof_needed" }, 403);
  });
  const page = await openPage();
  page.askForProofBy(() => {
    proved = true;
    return Promise.resolve(true);
  });

  const { count } = await page.endSessionsOf(CALL);

  expect(count).toBe(2);
  expect(bodies).toEqual(['{"reason":"because"}', '{"reason":"because"}']);
});

test("a call whose person proves nothing says what it wanted", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(json({ code: "proof_needed" }, 403)));
  const page = await openPage();
  page.askForProofBy(() => Promise.resolve(false));

  await expect(page.endSessionsOf(CALL)).rejects.toMatchObject({ code: "proof_needed" });
});

test("calls that wait for proof at once ask once", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(json({ code: "proof_needed" }, 403)));
  const page = await openPage();
  const ask = vi.fn(() => Promise.resolve(false));
  page.askForProofBy(ask);

  await Promise.allSettled([page.endSessionsOf(CALL), page.revokeKeysOf(CALL)]);

  expect(ask).toHaveBeenCalledTimes(1);
});

test("a wrong password is asked for once more by the person, not by the page", async () => {
  const fetch = vi.fn(() => Promise.resolve(json({ code: "invalid_credentials" }, 401)));
  vi.stubGlobal("fetch", fetch);
  const page = await openPage();

  const call = page.proveIdentity({ baseUrl: "http://studio", body: { password: "wrong" } });

  await expect(call).rejects.toMatchObject({ code: "invalid_credentials" });
  expect(fetch).toHaveBeenCalledTimes(1);
});
