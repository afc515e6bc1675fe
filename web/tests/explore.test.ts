/** Which tags stand above the pictures that everybody sees. */
import { expect, test } from "vitest";

import { commonTags } from "@/features/explore/commonTags";

const pictures = (...tags: string[][]) => tags.map((each) => ({ tags: each }));

test("the tags of most pictures come first, and of as many by the alphabet", () => {
  expect(commonTags(pictures(["sea", "boat"], ["sea"], ["tower"]), null)).toEqual(["sea", "boat", "tower"]);
});

test("the chosen tag stands first, whether a picture has it or not", () => {
  expect(commonTags(pictures(["sea"], ["sea", "boat"]), "boat")).toEqual(["boat", "sea"]);
  expect(commonTags([], "boat")).toEqual(["boat"]);
});

test("there are no more than twenty", () => {
  const many = pictures(Array.from({ length: 50 }, (_, n) => `tag ${n}`));

  expect(commonTags(many, null)).toHaveLength(20);
  expect(commonTags(many, "tag 49")).toHaveLength(20);
});

test("without tags there are none", () => {
  expect(commonTags(pictures([], []), null)).toEqual([]);
});
