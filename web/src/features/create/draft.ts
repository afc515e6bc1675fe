/**
 * What the prompt form holds. Only what the person changed is kept; the rest is the model's default, so that a
 * change of model changes what was left alone. `storedDraft.ts` keeps it, so that a reload loses nothing.
 */
import type { Checkpoint, Image, JobRequest, LoraUse, Model, Recipe } from "@/api/types";
import type { Preferences } from "@/entities/user/preferences";

import { MAX_CFG, MAX_SEED, MIN_CFG, STRENGTH } from "./limits";
import { fitted } from "./shapes";

/** The picture that a new one starts from. Its size, in pixels, says how large the new one is to be. */
export type Source = Pick<Image, "id" | "width" | "height">;

/** What the person would have instead of the model's own, where the model can do it. */
export type Kept = NonNullable<Preferences["defaults"]>;

export interface Draft {
  model: string | null;
  prompt: string;
  negative_prompt: string;
  width: number | null;
  height: number | null;
  steps: number | null;
  cfg_scale: number | null;
  sampler: string | null;
  /** null: a new one for each picture. */
  seed: number | null;
  count: number;
  loras: LoraUse[];
  source: Source | null;
  /** How much of the source is made anew, 0 to 1. */
  strength: number;
  /** Whether it may wait until no other work does. */
  idle: boolean;
  /** Of what will be made. */
  tags: string[];
  /** The collection that it goes into. */
  collection: string | null;
}

export type Filled = {
  [K in keyof Draft]: K extends "seed" | "source" | "collection" ? Draft[K] : NonNullable<Draft[K]>;
};

/** What is left when one writes. */
export type Wordless<T extends { prompt: string; negative_prompt: string }> = Omit<
  T,
  "prompt" | "negative_prompt"
>;

export function wordless<T extends { prompt: string; negative_prompt: string }>(form: T): Wordless<T> {
  const rest = { ...form } as Wordless<T> & { prompt?: string; negative_prompt?: string };
  delete rest.prompt;
  delete rest.negative_prompt;
  return rest;
}

export const EMPTY_DRAFT: Draft = {
  model: null,
  prompt: "",
  negative_prompt: "",
  width: null,
  height: null,
  steps: null,
  cfg_scale: null,
  sampler: null,
  seed: null,
  count: 1,
  loras: [],
  source: null,
  strength: STRENGTH,
  idle: false,
  tags: [],
  collection: null,
};

/** The draft that makes a picture again; `source` is the picture it was made from, where there is one. */
export function draftFrom(recipe: Recipe, source: Source | null = null): Draft {
  return {
    model: recipe.model ?? null,
    prompt: recipe.prompt ?? "",
    negative_prompt: recipe.negative_prompt ?? "",
    width: recipe.width ?? null,
    height: recipe.height ?? null,
    steps: recipe.steps ?? null,
    cfg_scale: recipe.cfg_scale ?? null,
    sampler: recipe.sampler ?? null,
    seed: holdsSeed(recipe) ? (recipe.seed ?? null) : null,
    count: 1,
    loras: recipe.loras ?? [],
    source: source && sourceOf(source),
    strength: recipe.strength ?? STRENGTH,
    idle: false,
    tags: [],
    collection: null,
  };
}

/** The draft with another picture to start from, or none. The size follows it. */
export function startFrom(draft: Draft, source: Source | null): Draft {
  return { ...draft, source: source && sourceOf(source), width: null, height: null };
}

/** Whether its seed can be told from the next one here; one beyond that would make another picture. */
export function holdsSeed({ seed }: Recipe): boolean {
  return seed === undefined || seed <= MAX_SEED;
}

/** Whether a recipe says more than the form can hold. */
export function saysMore({ job_type, controlnet, vae, clip_skip }: Recipe): boolean {
  return job_type === "inpaint" || Boolean(controlnet?.length) || Boolean(vae) || (clip_skip ?? 1) > 1;
}

/** The models that can be asked for a picture. */
export function checkpointsOf(models: Model[]): Checkpoint[] {
  return models.filter(
    (model): model is Checkpoint =>
      model.kind === "checkpoint" && model.defaults !== null && model.limits !== null,
  );
}

/** The model a draft means: the one it names while that can be used, then the one the person likes, else the first that can. */
export function modelOf(draft: Draft, models: Checkpoint[], kept: Kept = {}): Checkpoint | undefined {
  const usable = models.filter((model) => model.available);
  const named = (name: string | null | undefined) => usable.find((model) => model.name === name);
  return named(draft.model) ?? named(kept.model) ?? usable[0] ?? models[0];
}

export function filled(draft: Draft, { name, defaults: own, limits }: Checkpoint, kept: Kept = {}): Filled {
  const defaults = { ...own, ...withinLimits(kept, limits) };
  const size = draft.source ? fitted(draft.source, limits) : defaults;
  const takes = draft.sampler !== null && limits.samplers.includes(draft.sampler);
  return {
    ...draft,
    model: name,
    width: draft.width ?? size.width,
    height: draft.height ?? size.height,
    steps: draft.steps ?? defaults.steps,
    cfg_scale: draft.cfg_scale ?? defaults.cfg_scale,
    sampler: takes ? (draft.sampler ?? defaults.sampler) : defaults.sampler,
  };
}

/** What a person likes of that which this model can do. */
function withinLimits(kept: Kept, limits: Checkpoint["limits"]): Partial<Checkpoint["defaults"]> {
  const { width, height, steps, cfg_scale, sampler } = kept;
  const side = (length: number) =>
    length >= limits.min_size && length <= limits.max_size && length % limits.multiple === 0;
  return {
    ...(width && height && side(width) && side(height) && width * height <= limits.max_pixels
      ? { width, height }
      : {}),
    ...(steps && steps <= limits.max_steps ? { steps } : {}),
    ...(cfg_scale && cfg_scale >= MIN_CFG && cfg_scale <= MAX_CFG ? { cfg_scale } : {}),
    ...(sampler && limits.samplers.includes(sampler) ? { sampler } : {}),
  };
}

export function requestOf(
  { source, strength, idle, collection, ...form }: Filled,
  kept: Kept = {},
): JobRequest {
  const asked = {
    ...form,
    lane: idle ? "idle" : "normal",
    ...(collection === null ? {} : { collection_id: collection }),
    prompt: form.prompt.trim(),
    clip_skip: 1,
    format: kept.format ?? "png",
    visibility: kept.visibility ?? "private",
  } as const;
  return source
    ? { ...asked, job_type: "img2img", source_image: source.id, strength }
    : { ...asked, job_type: "txt2img" };
}

/** An image has more than a draft should remember. */
function sourceOf({ id, width, height }: Source): Source {
  return { id, width, height };
}
