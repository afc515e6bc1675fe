import { describe, expect, test } from "vitest";

import type { Checkpoint } from "@/api/types";
import { check } from "@/features/create/check";
import { EMPTY_DRAFT, filled } from "@/features/create/draft";
import { examplesFor } from "@/features/create/examples";

import { translatorIn } from "./words";

const [en, ko] = [translatorIn("en"), translatorIn("ko")];

function model(name: string, family: string, side: number, base: string[] = [family]): Checkpoint {
  return {
    name,
    family,
    base,
    defaults: { width: side, height: side, steps: 20, cfg_scale: 4, sampler: "euler", guidance: null },
    limits: {
      multiple: 16,
      min_size: 128,
      max_size: 2 * side,
      max_pixels: 2 * side * side,
      max_steps: 50,
      samplers: ["euler"],
    },
  } as unknown as Checkpoint;
}

const MINI = model("pingvas-mini", "sd1", 256, ["pingvas-mini"]);
const MODELS = [
  MINI,
  model("dreamy", "sd1", 512),
  model("large", "sdxl", 1024),
  model("words", "flux", 1024),
  model("strange", "", 512),
];

describe("the examples for a first picture", () => {
  test.each(MODELS)("are three that $name can make as they are", (checkpoint) => {
    for (const i18n of [en, ko]) {
      const examples = examplesFor(checkpoint, i18n);

      expect(examples).toHaveLength(3);
      for (const { prompt, shape } of examples) {
        const { width, height } = shape;
        const form = filled({ ...EMPTY_DRAFT, prompt, width, height }, checkpoint);
        expect(check(form, checkpoint, i18n)).toEqual({});
      }
    }
  });

  test("speak the person's language to a model that reads it, and English to the others", () => {
    expect(examplesFor(MINI, ko).map(({ language }) => language)).toEqual(["ko", "ko", "ko"]);
    expect(examplesFor(MINI, ko)[0]?.prompt).toMatch(/[가-힣]/u);

    const [sdxl] = examplesFor(model("large", "sdxl", 1024), ko);
    expect(sdxl?.title).toMatch(/[가-힣]/u);
    expect(sdxl?.language).toBe("en");
    expect(sdxl?.prompt).not.toMatch(/[가-힣]/u);
  });

  test("are square where the model is at its best in a square", () => {
    expect(examplesFor(MINI, en).map(({ shape }) => [shape.width, shape.height])).toEqual([
      [256, 256],
      [256, 256],
      [256, 256],
    ]);
  });
});
