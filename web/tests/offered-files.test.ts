import { expect, it } from "vitest";

import { offerFiles, onOfferedFiles } from "@/entities/image/offeredFiles";

const file = (name: string) => new File(["x"], name, { type: "image/png" });

it("files that were chosen before anybody listened come to who listens first, once", () => {
  const taken: string[] = [];
  const take = (files: readonly File[]) => taken.push(...files.map(({ name }) => name));
  offerFiles([file("early.png")]);
  offerFiles([file("also early.png")]);

  const stop = onOfferedFiles(take);
  expect(taken).toEqual(["early.png", "also early.png"]);

  offerFiles([file("late.png")]);
  stop();
  expect(taken).toEqual(["early.png", "also early.png", "late.png"]);

  onOfferedFiles(take)();
  expect(taken).toHaveLength(3);
});
