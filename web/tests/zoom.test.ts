import { expect, test } from "vitest";

import { FIT, panned, switched, zoomed } from "@/features/gallery/zoom";

const sizes = { room: { width: 800, height: 600 }, picture: { width: 800, height: 400 } };
const middle = { x: 0, y: 0 };

test("what lies under the pointer stays there", () => {
  const at = { x: 200, y: 50 };
  const near = zoomed(FIT, 4, at, sizes);

  expect(near.scale).toBe(4);
  // A point of the picture that was at `at` is there still.
  expect(near.x + (at.x - FIT.x) * 4).toBe(at.x);
  expect(near.y + (at.y - FIT.y) * 4).toBe(at.y);
});

test("it never comes nearer than is of use, nor goes farther than all of it", () => {
  expect(zoomed(FIT, 1000, middle, sizes).scale).toBe(16);
  expect(zoomed({ scale: 2, x: 300, y: 90 }, 0.01, middle, sizes)).toEqual(FIT);
});

test("its edges do not come into the room", () => {
  const near = zoomed(FIT, 2, middle, sizes);

  expect(panned(near, { x: 5000, y: 5000 }, sizes)).toEqual({ scale: 2, x: 400, y: 100 });
  expect(panned(FIT, { x: 50, y: 50 }, sizes)).toEqual(FIT);
});

test("two presses lead to its actual size and back", () => {
  const actual = switched(FIT, 2400, middle, sizes);

  expect(actual.scale).toBe(3);
  expect(switched(actual, 2400, middle, sizes)).toEqual(FIT);
  expect(switched(FIT, 400, middle, sizes).scale).toBe(2);
});
