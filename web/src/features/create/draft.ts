/**
 * What the prompt form holds. Only what the person changed is kept; the rest is the model's default, so that a
 * change of model changes what was left alone. Kept per account in this browser, so that a reload loses nothing.
 */
import type { Checkpoint, JobRequest, Model, Recipe } from "@/api/types";

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
}

export type Filled = { [K in keyof Draft]: K extends "seed" ? number | null : NonNullable<Draft[K]> };

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
};

export function draftFrom(recipe: Recipe): Draft {
  return {
    model: recipe.model ?? null,
    prompt: recipe.prompt ?? "",
    negative_prompt: recipe.negative_prompt ?? "",
    width: recipe.width ?? null,
    height: recipe.height ?? null,
    steps: recipe.steps ?? null,
    cfg_scale: recipe.cfg_scale ?? null,
    sampler: recipe.sampler ?? null,
    seed: recipe.seed ?? null,
    count: 1,
  };
}

/** The models that can be asked for a picture. */
export function checkpointsOf(models: Model[]): Checkpoint[] {
  return models.filter((model): model is Checkpoint => model.defaults !== null && model.limits !== null);
}

/** The model a draft means: the one it names while that can be used, else the first that can. */
export function modelOf(draft: Draft, models: Checkpoint[]): Checkpoint | undefined {
  const usable = models.filter((model) => model.available);
  return usable.find((model) => model.name === draft.model) ?? usable[0] ?? models[0];
}

export function filled(draft: Draft, { name, defaults }: Checkpoint): Filled {
  return {
    ...draft,
    model: name,
    width: draft.width ?? defaults.width,
    height: draft.height ?? defaults.height,
    steps: draft.steps ?? defaults.steps,
    cfg_scale: draft.cfg_scale ?? defaults.cfg_scale,
    sampler: draft.sampler ?? defaults.sampler,
  };
}

export function requestOf(form: Filled): JobRequest {
  return {
    job_type: "txt2img",
    ...form,
    prompt: form.prompt.trim(),
    clip_skip: 1,
    format: "png",
    visibility: "private",
  };
}

export function loadDraft(userId: string): Draft {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey(userId)) ?? "{}");
    return { ...EMPTY_DRAFT, ...(stored as Partial<Draft>) };
  } catch {
    // Storage is forbidden, or holds something else: begin afresh.
    return EMPTY_DRAFT;
  }
}

export function saveDraft(userId: string, draft: Draft): void {
  try {
    localStorage.setItem(storageKey(userId), JSON.stringify(draft));
  } catch {
    // Without storage the draft lasts as long as the page.
  }
}

function storageKey(userId: string): string {
  return `pingvas.draft.${userId}`;
}
