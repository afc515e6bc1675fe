import { describe, expect, test } from "vitest";

import type { Checkpoint, Model } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { enlargeRequest, scalesOf } from "@/entities/image/scales";
import { lorasFor } from "@/entities/model/loras";
import { check } from "@/features/create/check";
import {
  draftFrom,
  EMPTY_DRAFT,
  filled,
  requestOf,
  saysMore,
  startFrom,
  type Draft,
} from "@/features/create/draft";
import { fitted } from "@/features/create/shapes";
import { uploadText } from "@/entities/image/uploadText";
import { Problem, problemFrom } from "@/api/problem";

import { translatorIn } from "./words";

const limits = {
  multiple: 8,
  min_size: 64,
  max_size: 384,
  max_pixels: 256 * 256,
  max_steps: 50,
  samplers: ["euler"],
};
const MODEL: Checkpoint = {
  name: "mini",
  display_name: "Mini",
  model_type: "checkpoint",
  kind: "checkpoint",
  family: "sd1",
  base: ["sd1"],
  variant: null,
  scale: null,
  trigger_words: [],
  version: "1",
  size_bytes: 1,
  available: true,
  required_tiers: [],
  defaults: { width: 256, height: 256, steps: 20, cfg_scale: 4, sampler: "euler", guidance: null },
  limits,
};
const part = (change: Partial<Model>): Model => ({ ...MODEL, defaults: null, limits: null, ...change });
const SOURCE = { id: "0190a000-0000-7000-8000-000000000001", width: 800, height: 400 };
const i18n = translatorIn("en");
const tooLarge = new Response(null, { status: 413 });
const form = (change: Partial<Draft>) => filled({ ...EMPTY_DRAFT, ...change }, MODEL);

describe("a picture to start from", () => {
  test("makes the job one from a picture, with the size of that picture as far as the model can", () => {
    const draft = startFrom({ ...EMPTY_DRAFT, prompt: "sea", width: 64, height: 64 }, SOURCE);

    expect(requestOf(filled(draft, MODEL))).toMatchObject({
      job_type: "img2img",
      source_image: SOURCE.id,
      strength: 0.75,
      width: 352,
      height: 184,
    });
  });

  test("taken away again leaves a job from words, with nothing of the picture in it", () => {
    const request = requestOf(filled(startFrom(startFrom(EMPTY_DRAFT, SOURCE), null), MODEL));

    expect(request).toMatchObject({ job_type: "txt2img", width: 256, height: 256 });
    expect(Object.keys(request)).not.toEqual(
      expect.arrayContaining([expect.stringMatching("source|strength")]),
    );
  });

  test("needs no words beside it", () => {
    expect(check(form({ source: SOURCE }), MODEL, i18n)).toEqual({});
    expect(check(form({ source: null }), MODEL, i18n)).toHaveProperty("prompt");
  });

  test("comes back with its strength when its result is used again", () => {
    const recipe = {
      prompt: "sea",
      width: 128,
      height: 64,
      strength: 0.4,
      loras: [{ name: "a", weight: 0.8 }],
    };

    expect(requestOf(filled(draftFrom(recipe, SOURCE), MODEL))).toMatchObject({
      ...recipe,
      source_image: SOURCE.id,
    });
  });

  test.each([
    [
      { width: 512, height: 512 },
      { width: 256, height: 256 },
    ],
    [
      { width: 4000, height: 10 },
      { width: 384, height: 64 },
    ],
    [
      { width: 20, height: 20 },
      { width: 64, height: 64 },
    ],
  ])("of %o is made as %o", (size, made) => {
    expect(fitted(size, limits)).toEqual(made);
  });

  test.each([
    ["payload_too_large", "too large"],
    ["unsupported_media_type", "not a picture"],
    ["validation_error", "damaged"],
    ["storage_exceeded", "storage is full"],
  ])("refused with %s is told in words", (code, words) => {
    expect(uploadText(i18n, new Problem({ code, status: 400 }))).toContain(words);
  });
});

test.each([
  [{ max_bytes: 20_971_520 }, "at most 20 MB"],
  [{ max_side: 8192, max_pixels: 67_108_864 }, "at most 8,192 a side and 67,108,864 in all"],
  [{ max_passes: 200 }, "at most 200"],
])("a picture beyond a limit is told the limit: %o", (numbers, words) => {
  expect(uploadText(i18n, problemFrom({ code: "payload_too_large", ...numbers }, tooLarge))).toContain(words);
});

test("what an earlier picture had and the form has not is known", () => {
  expect(saysMore({ job_type: "inpaint" })).toBe(true);
  expect(saysMore({ job_type: "txt2img", controlnet: [{}] })).toBe(true);
  expect(saysMore({ job_type: "img2img", controlnet: [], vae: null, clip_skip: 1 })).toBe(false);
});

describe("LoRAs", () => {
  const neon = part({ name: "neon", kind: "lora", base: ["sd1"] });
  const own = part({ name: "own", kind: "lora", base: ["mini"] });
  const unknown = part({ name: "unknown", kind: "lora", base: [] });
  const xl = part({ name: "xl", kind: "lora", base: ["sdxl"] });
  const upscaler = part({ name: "x2", kind: "upscaler", base: [] });

  test("on offer are those made for the model, for its base, or for nobody knows what", () => {
    expect(lorasFor(MODEL, [MODEL, neon, own, unknown, xl, upscaler])).toEqual([neon, own, unknown]);
  });

  test("heavier than the studio takes are told so", () => {
    expect(check(form({ prompt: "x", loras: [{ name: "neon", weight: 5 }] }), MODEL, i18n)).toHaveProperty(
      "loras",
    );
  });
});

describe("enlarging", () => {
  test("is on offer by the factors of the upscalers one may use, each once", () => {
    const x = (scale: number | null, available = true) => part({ kind: "upscaler", scale, available });

    expect(scalesOf([x(null), MODEL, x(2), x(4), x(8, false)])).toEqual([2, 4]);
    expect(scalesOf([MODEL])).toEqual([]);
  });

  test("asks for nothing but the picture and the factor", () => {
    expect(enlargeRequest("1", 2)).toEqual({
      job_type: "upscale",
      source_image: "1",
      scale: 2,
      format: "png",
      visibility: "private",
      lane: "normal",
    });
  });
});

test.each([
  [{ prompt: "a house", job_type: "upscale" }, "a house"],
  [{ job_type: "upscale", scale: 2 }, "Enlarged ×2"],
  [{ job_type: "img2img", prompt: "", source_image: "1" }, "Made from a picture"],
  [{}, "Uploaded picture"],
])("a picture of %o is called %s", (recipe, title) => {
  expect(pictureTitle(recipe, i18n)).toBe(title);
});
