import { act, cleanup, render, screen } from "@testing-library/react";
import { Suspense } from "react";
import { afterEach, expect, test, vi } from "vitest";

import { page } from "@/app/page";

afterEach(cleanup);

const Shown = ({ name }: { name: string }) => <p>here is {name}</p>;

async function settled() {
  await act(async () => {
    await Promise.resolve();
  });
}

test("a part of the page is loaded once, when it is first shown, and waited for", async () => {
  const load = vi.fn(() => Promise.resolve(Shown));
  const Part = page(load);
  expect(load).not.toHaveBeenCalled();

  await act(async () => {
    render(
      <Suspense fallback="waiting">
        <Part name="one" />
        <Part name="two" />
      </Suspense>,
    );
    await Promise.resolve();
  });

  expect(await screen.findByText("here is one")).toBeTruthy();
  expect(screen.getByText("here is two")).toBeTruthy();
  expect(load).toHaveBeenCalledTimes(1);
});

test("one that is there already is shown without waiting", async () => {
  const Part = page(() => Promise.resolve(Shown));
  Part.preload();
  await settled();
  await settled();

  render(
    <Suspense fallback="waiting">
      <Part name="it" />
    </Suspense>,
  );

  expect(screen.queryByText("waiting")).toBeNull();
  expect(screen.getByText("here is it")).toBeTruthy();
});

test("one that could not be loaded before is tried again when it is shown", async () => {
  const load = vi.fn(() => Promise.resolve(Shown)).mockRejectedValueOnce(new Error("offline"));
  const Part = page(load);
  Part.preload();
  await settled();

  await act(async () => {
    render(
      <Suspense fallback="waiting">
        <Part name="it" />
      </Suspense>,
    );
    await Promise.resolve();
  });

  expect(await screen.findByText("here is it")).toBeTruthy();
});
