import { act, renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { changeImages, deleteImage } from "@/api/generated";
import { Problem } from "@/api/problem";
import { forgetRetractable, moveToTrash, putAway, takeBack, useUnseen } from "@/entities/image/deletions";
import { daysLeft } from "@/entities/image/trash";

vi.mock("@/api/generated", () => ({ changeImages: vi.fn(), deleteImage: vi.fn() }));

const deleted = () => vi.mocked(deleteImage).mock.calls.map(([{ path }]) => path.image_id);
const changed = () => vi.mocked(changeImages).mock.calls.map(([{ body }]) => body);

afterEach(() => {
  forgetRetractable();
  vi.mocked(deleteImage).mockReset();
  vi.mocked(changeImages).mockReset();
});

test("a picture is out of sight at once, and moved into the trash at once", async () => {
  const { result } = renderHook(useUnseen);

  act(() => void putAway("1"));
  expect(result.current.has("1")).toBe(true);
  await act(() => moveToTrash("1"));

  expect(deleted()).toEqual(["1"]);
  expect(vi.mocked(deleteImage).mock.calls[0]?.[0].keepalive).toBe(true);
  expect(result.current.has("1")).toBe(true);
});

test("what is taken back is restored together and seen again", async () => {
  const { result } = renderHook(useUnseen);

  act(() => {
    expect(putAway("2")).toBe(1);
    expect(putAway("3")).toBe(2);
  });
  await act(() => Promise.all([moveToTrash("2"), moveToTrash("3")]));
  await act(takeBack);

  expect(changed()).toEqual([{ action: "restore", ids: ["2", "3"] }]);
  expect(["2", "3"].some((id) => result.current.has(id))).toBe(false);
});

test("what is taken back before it was moved is restored after that", async () => {
  const order: string[] = [];
  let answer = () => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  vi.mocked(deleteImage).mockImplementation(async () => {
    await answered;
    order.push("deleted");
  });
  vi.mocked(changeImages).mockImplementation((() => Promise.resolve(order.push("restored"))) as never);

  putAway("4");
  const moving = moveToTrash("4");
  const back = takeBack();
  answer();
  await act(() => Promise.all([moving, back]));

  expect(order).toEqual(["deleted", "restored"]);
});

test("what cannot be moved comes back, with the reason; what is gone already stays gone", async () => {
  const refusal = new Problem({ code: "unavailable", status: 503 });
  vi.mocked(deleteImage).mockImplementation(({ path }) => {
    if (path.image_id === "5") throw refusal;
    throw new Problem({ code: "not_found", status: 404 });
  });
  const { result } = renderHook(useUnseen);

  act(() => {
    putAway("5");
    putAway("6");
  });
  await act(async () => expect(moveToTrash("5")).rejects.toBe(refusal));
  await act(() => moveToTrash("6"));

  expect([result.current.has("5"), result.current.has("6")]).toEqual([false, true]);
});

test("once the notice has gone it brings back nothing", async () => {
  putAway("7");
  await moveToTrash("7");

  forgetRetractable();
  await takeBack();

  expect(changed()).toEqual([]);
});

test.each([
  [0, 30],
  [0.5, 30],
  [29.5, 1],
  [31, 0],
])("after %d days in the trash %d are left", (passed, left) => {
  const now = Date.parse("2026-12-04T12:00:00Z");

  expect(daysLeft(new Date(now - passed * 86_400_000).toISOString(), 30, now)).toBe(left);
});
