/** Which file of a picture is shown where, and what stands there before. */
import { expect, test } from "vitest";

import type { Image } from "@/api/types";
import { colourOf, sourceOf, sourcesOf } from "@/entities/image/pictureSource";

const image = (values: Partial<Image>) =>
  ({
    width: 1216,
    height: 832,
    file_url: "/file",
    thumbnail_url: "/small",
    thumbnail_large_url: "/large",
    thumbhash: null,
    ...values,
  }) as Image;

test("both thumbnails are offered with the widths that they have", () => {
  expect(sourcesOf(image({}))).toBe("/small 320w, /large 640w");
  expect(sourcesOf(image({ width: 832, height: 1216 }))).toBe("/small 219w, /large 438w");
  expect(sourcesOf(image({ width: 500, height: 400 }))).toBe("/small 320w, /large 500w");
});

test("where there are not two of them there is nothing to choose", () => {
  expect(sourcesOf(image({ thumbnail_large_url: null }))).toBeUndefined();
  expect(sourcesOf(image({ width: 300, height: 200 }))).toBeUndefined();
  expect(sourceOf(image({ thumbnail_url: null }))).toBe("/file");
});

// What the server's `thumbhash` says of pictures of one colour.
test.each([
  ["PwgCBYAAAAAAAAAAAAAAAAAAAAAA", "rgb(255 254 252)"],
  ["AAgCBYAAAAAAAAAAAAAAAAAAAAAA", "rgb(3 0 0)"],
  ["YzsDBYAAAAAAAAAAAAAAAAAAAAAA", "rgb(255 99 69)"],
  ["L3YBBYAAAAAAAAAAAAAAAAAAAAAA", "rgb(136 204 231)"],
])("the place of a picture has its colour, %s", (thumbhash, colour) => {
  expect(colourOf({ thumbhash })).toBe(colour);
});

test("one that has no hash yet has none", () => {
  expect(colourOf({ thumbhash: null })).toBeUndefined();
});
