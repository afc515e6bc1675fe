import { act, renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { deleteImage } from "@/api/generated";
import { Problem } from "@/api/problem";
import { signIn, signOut } from "@/api/session";
import { putAway, settleDeletions, takeBack, useUnseen } from "@/entities/image/deletions";

vi.mock("@/api/generated", () => ({ deleteImage: vi.fn() }));

const asked = () => vi.mocked(deleteImage).mock.calls.map(([{ path }]) => path.image_id);

afterEach(() => {
  takeBack();
  vi.mocked(deleteImage).mockReset();
});

test("a picture is out of sight at once, and deleted when the moment to take it back is over", async () => {
  const { result } = renderHook(useUnseen);

  act(() => void putAway("1"));
  expect(result.current.has("1")).toBe(true);
  expect(asked()).toEqual([]);
  await act(settleDeletions);

  expect(asked()).toEqual(["1"]);
  expect(result.current.has("1")).toBe(true);
});

test("what is taken back is seen again and was never deleted", async () => {
  const { result } = renderHook(useUnseen);

  act(() => {
    expect(putAway("2")).toBe(1);
    expect(putAway("3")).toBe(2);
    takeBack();
  });
  const outcome = await settleDeletions();

  expect(["2", "3"].some((id) => result.current.has(id))).toBe(false);
  expect(outcome).toEqual({ deleted: [], problem: null });
  expect(asked()).toEqual([]);
});

test("what cannot be deleted comes back, with the reason; what is gone already stays gone", async () => {
  const refusal = new Problem({ code: "unavailable", status: 503 });
  vi.mocked(deleteImage).mockImplementation(({ path }) => {
    if (path.image_id === "4") throw refusal;
    throw new Problem({ code: "not_found", status: 404 });
  });
  const { result } = renderHook(useUnseen);

  act(() => {
    putAway("4");
    putAway("5");
  });
  const outcome = await act(settleDeletions);

  expect(outcome).toEqual({ deleted: ["5"], problem: refusal });
  expect([result.current.has("4"), result.current.has("5")]).toEqual([false, true]);
});

test("a page that goes away deletes them by requests that outlive it", () => {
  const sent = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response(null, { status: 204 }));
  signIn({ access_token: "token", expires_in: 600, user: { id: "nari" } } as never);

  putAway("6");
  window.dispatchEvent(new Event("pagehide"));
  window.dispatchEvent(new Event("pagehide"));

  expect(sent).toHaveBeenCalledExactlyOnceWith(
    "/api/v1/images/6",
    expect.objectContaining({ method: "DELETE", keepalive: true }),
  );
  signOut();
});
