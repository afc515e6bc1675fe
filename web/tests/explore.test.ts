/** Explore: which tags stand above the pictures, what its address says, and likes in what is held of them. */
import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";

import { patchLikes } from "@/entities/image/likes";
import { imageKeys } from "@/entities/image/queries";
import { addressOf, sortIn } from "@/features/explore/exploreAddress";
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

test("an address says the tag and the order, and of the newest of all nothing", () => {
  expect(addressOf(null, "newest").toString()).toBe("");
  expect(addressOf("sea & sky", "most_liked").toString()).toBe("tag=sea+%26+sky&sort=most_liked");
  expect(sortIn(addressOf("sea", "most_liked"))).toBe("most_liked");
  expect(sortIn(new URLSearchParams("sort=loudest"))).toBe("newest");
});

test("a like shows on the picture itself and in every list that everybody finds", () => {
  const client = new QueryClient();
  const list = [{ _id: "listPublicImages", query: { sort: "newest" } }];
  const page = {
    items: [
      { id: "a", likes: 1 },
      { id: "b", likes: 2 },
    ],
    next_cursor: null,
  };
  client.setQueryData(list, { pages: [page], pageParams: [undefined] });
  client.setQueryData(imageKeys.image("b"), { id: "b", likes: 2, liked: false } as never);

  patchLikes(client, "b", { likes: 3, liked: true });

  expect(client.getQueryData(imageKeys.image("b"))).toMatchObject({ likes: 3, liked: true });
  expect(client.getQueryData<{ pages: (typeof page)[] }>(list)?.pages[0]?.items).toEqual([
    { id: "a", likes: 1 },
    { id: "b", likes: 3, liked: true },
  ]);
});
