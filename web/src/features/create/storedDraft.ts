/** The draft in this browser, one for each account. What is stored may be of an older page, or broken: each part is taken if it is sound. */
import type { LoraUse } from "@/api/types";
import { MAX_TAGS } from "@/entities/image/tags";

import { EMPTY_DRAFT, type Draft, type Source } from "./draft";
import { MAX_COUNT, MAX_LORAS, MAX_PROMPT, MAX_SEED } from "./limits";

export function loadDraft(userId: string): Draft {
  try {
    return soundDraft(JSON.parse(localStorage.getItem(storageKey(userId)) ?? "{}"));
  } catch {
    // Storage is forbidden, or holds something else: begin afresh.
    return EMPTY_DRAFT;
  }
}

/** Whether somebody wrote something here before. */
export function hasDraft(userId: string): boolean {
  try {
    return localStorage.getItem(storageKey(userId)) !== null;
  } catch {
    return false;
  }
}

export function saveDraft(userId: string, draft: Draft): void {
  try {
    localStorage.setItem(storageKey(userId), JSON.stringify(draft));
  } catch {
    // Without storage the draft lasts as long as the page.
  }
}

/** A draft of whatever was stored; a part that is no such thing is as in an empty one. */
export function soundDraft(stored: unknown): Draft {
  if (!isRecord(stored)) return EMPTY_DRAFT;
  const text = (value: unknown) => (typeof value === "string" ? value.slice(0, 2 * MAX_PROMPT) : "");
  const name = (value: unknown) => (typeof value === "string" ? value : null);
  const amount = (value: unknown) => (isNumber(value) ? value : null);
  return {
    model: name(stored.model),
    prompt: text(stored.prompt),
    negative_prompt: text(stored.negative_prompt),
    width: amount(stored.width),
    height: amount(stored.height),
    steps: amount(stored.steps),
    cfg_scale: amount(stored.cfg_scale),
    sampler: name(stored.sampler),
    seed: isWhole(stored.seed, 0, MAX_SEED) ? stored.seed : null,
    count: isWhole(stored.count, 1, MAX_COUNT) ? stored.count : EMPTY_DRAFT.count,
    loras: Array.isArray(stored.loras) ? stored.loras.filter(isLora).slice(0, MAX_LORAS) : [],
    source: isSource(stored.source) ? stored.source : null,
    strength: isNumber(stored.strength) ? stored.strength : EMPTY_DRAFT.strength,
    idle: stored.idle === true,
    tags: Array.isArray(stored.tags)
      ? stored.tags.filter((tag) => typeof tag === "string").slice(0, MAX_TAGS)
      : [],
    collection: name(stored.collection),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return isNumber(value) && Number.isInteger(value) && value >= least && value <= most;
}

function isLora(value: unknown): value is LoraUse {
  return isRecord(value) && typeof value.name === "string" && isNumber(value.weight);
}

function isSource(value: unknown): value is Source {
  return (
    isRecord(value) &&
    typeof value.id === "string" &&
    isWhole(value.width, 1, Number.MAX_SAFE_INTEGER) &&
    isWhole(value.height, 1, Number.MAX_SAFE_INTEGER)
  );
}

function storageKey(userId: string): string {
  return `pingvas.draft.${userId}`;
}
