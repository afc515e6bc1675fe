import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import type { Checkpoint, Model } from "@/api/types";
import { check } from "@/features/create/check";
import {
  checkpointsOf,
  draftFrom,
  EMPTY_DRAFT,
  filled,
  holdsSeed,
  modelOf,
  requestOf,
} from "@/features/create/draft";
import * as limits from "@/features/create/limits";
import { shapesOf } from "@/features/create/shapes";

import openapi from "../openapi.json";
import { translatorIn } from "./words";

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
  defaults: { width: 256, height: 256, steps: 20, cfg_scale: 4, sampler: "dpmpp_2m", guidance: null },
  limits: {
    multiple: 8,
    min_size: 64,
    max_size: 384,
    max_pixels: 384 * 384,
    max_steps: 50,
    samplers: ["dpmpp_2m", "euler"],
  },
};
const i18n = translatorIn("en");
const form = (part: Partial<typeof EMPTY_DRAFT>) =>
  filled({ ...EMPTY_DRAFT, prompt: "a house", ...part }, MODEL);

describe("the form", () => {
  test("asks for the model's defaults where nothing was changed", () => {
    expect(requestOf(form({ steps: 8 }))).toMatchObject({
      width: 256,
      steps: 8,
      cfg_scale: 4,
      seed: null,
      count: 1,
    });
  });

  test("goes into the idle lane only when it is told to", () => {
    expect(requestOf(form({}))).toMatchObject({ lane: "normal" });
    expect(requestOf(form({ idle: true }))).toMatchObject({ lane: "idle" });
  });

  test("takes everything of an earlier picture, its seed too", () => {
    const recipe = {
      prompt: "sea",
      width: 320,
      height: 192,
      steps: 12,
      cfg_scale: 3,
      sampler: "euler",
      seed: 7,
    };

    expect(requestOf(filled(draftFrom(recipe), MODEL))).toMatchObject(recipe);
  });

  test("leaves out a seed that a browser cannot hold, and says so", () => {
    const far = { prompt: "sea", seed: 2 ** 53 };

    expect(draftFrom(far).seed).toBeNull();
    expect(holdsSeed(far)).toBe(false);
    expect(draftFrom({ ...far, seed: 2 ** 53 - 1 }).seed).toBe(2 ** 53 - 1);
  });

  test("falls back to a model one may use when the draft's is gone", () => {
    const locked = { ...MODEL, name: "locked", available: false };

    expect(modelOf({ ...EMPTY_DRAFT, model: "locked" }, [locked, MODEL])).toBe(MODEL);
    expect(modelOf({ ...EMPTY_DRAFT, model: "gone" }, [locked, MODEL])).toBe(MODEL);
  });

  test("asks for a sampler that the model takes, whatever an earlier one took", () => {
    expect(form({ sampler: "euler" }).sampler).toBe("euler");
    expect(form({ sampler: "ddim" }).sampler).toBe("dpmpp_2m");
  });

  test("offers only models that make pictures by themselves", () => {
    const upscaler: Model = {
      ...MODEL,
      name: "x2",
      kind: "upscaler",
      scale: 2,
      defaults: null,
      limits: null,
    };

    expect(checkpointsOf([upscaler, MODEL])).toEqual([MODEL]);
  });

  test("finds nothing wrong with what the model can do", () => {
    expect(check(form({}), MODEL, i18n)).toEqual({});
  });

  test.each([
    ["prompt", { prompt: "  " }],
    ["prompt", { prompt: "\u3164\u200b" }],
    ["prompt", { prompt: "x".repeat(limits.MAX_PROMPT + 1) }],
    ["width", { width: 250 }],
    ["height", { height: 1024 }],
    ["steps", { steps: -1 }],
    ["steps", { steps: 51 }],
    ["cfg_scale", { cfg_scale: 0 }],
  ] as const)("says beside %s what is wrong with %o", (field, part) => {
    expect(Object.keys(check(form(part), MODEL, i18n))).toEqual([field]);
  });
});

describe("the limits of the form", () => {
  test("are those of the OpenAPI document", () => {
    const { properties } = openapi.components.schemas.TextToImage;

    expect(properties.prompt.maxLength).toBe(limits.MAX_PROMPT);
    expect(properties.count.maximum).toBe(limits.MAX_COUNT);
    expect(properties.cfg_scale.anyOf[0]).toMatchObject({ minimum: limits.MIN_CFG, maximum: limits.MAX_CFG });
    // A seed that a browser cannot tell from the next one is not offered.
    expect(properties.seed.anyOf[0]).toMatchObject({ minimum: 0, exclusiveMaximum: 2 ** 63 });
    expect(Number.isSafeInteger(limits.MAX_SEED)).toBe(true);
  });

  test("are those of the OpenAPI document for LoRAs and sources too", () => {
    const { LoraIn, ImageToImage } = openapi.components.schemas;

    expect(LoraIn.properties.weight).toMatchObject({
      minimum: -limits.MAX_LORA_WEIGHT,
      maximum: limits.MAX_LORA_WEIGHT,
    });
    expect(ImageToImage.properties.loras.maxItems).toBe(limits.MAX_LORAS);
    expect(ImageToImage.properties.strength.default).toBe(limits.STRENGTH);
  });

  test("every sampler of the engine has a name in both languages", () => {
    const engine = readFileSync(`${import.meta.dirname}/../../pingvas/engine/samplers.py`, "utf8");
    const names = [...engine.matchAll(/^ {4}"(\w+)": Sampler\(/gm)].map(
      ([, name]) => `recipe.sampler.${name ?? ""}`,
    );

    expect(names.length).toBeGreaterThan(8);
    for (const { find } of [translatorIn("en"), translatorIn("ko")])
      expect(names.filter((name) => !find(name))).toEqual([]);
  });
});

test("the shapes on offer are all sizes the model takes", () => {
  const shapes = shapesOf(MODEL);

  expect(shapes[0]).toEqual({ ratio: "1:1", width: 256, height: 256 });
  for (const { width, height } of shapes) {
    expect(check(form({ width, height }), MODEL, i18n)).toEqual({});
  }
});
