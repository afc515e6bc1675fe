import { expect, test } from "vitest";

import type { Image } from "@/api/types";
import { fileNameOf } from "@/entities/image/fileName";

const IMAGE = {
  id: "0190a000-0000-7000-8000-0000deadbeef",
  format: "png",
  created_at: "2026-11-22T16:00:00Z",
} as Image;

test.each([
  ["A red house, at sunset!", "2026-11-22-a-red-house-at-sunset-deadbeef.png"],
  ["빨간 집 / 노을", "2026-11-22-빨간-집-노을-deadbeef.png"],
  ["???", "2026-11-22-deadbeef.png"],
])("a downloaded file is named for %s", (prompt, name) => {
  expect(fileNameOf({ ...IMAGE, generation_params: { prompt } })).toBe(name);
});
