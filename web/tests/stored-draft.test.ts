import { beforeEach, describe, expect, test } from "vitest";

import { EMPTY_DRAFT } from "@/features/create/draft";
import { loadDraft, saveDraft, soundDraft } from "@/features/create/storedDraft";

const DRAFT = {
  ...EMPTY_DRAFT,
  model: "mini",
  prompt: "a red house",
  negative_prompt: "rain",
  width: 320,
  steps: 8,
  seed: 0,
  count: 3,
  loras: [{ name: "pencil", weight: 0.5 }],
  source: { id: "1", width: 192, height: 128 },
  strength: 0.4,
  idle: true,
};

beforeEach(() => localStorage.clear());

describe("a draft", () => {
  test("comes back as it was left, to the account that left it", () => {
    saveDraft("nari", DRAFT);

    expect(loadDraft("nari")).toEqual(DRAFT);
    expect(loadDraft("somebody else")).toEqual(EMPTY_DRAFT);
  });

  test.each(["", "{", "null", "[]", '"text"', "7"])("that was stored as %s begins afresh", (stored) => {
    localStorage.setItem("pingvas.draft.nari", stored);

    expect(loadDraft("nari")).toEqual(EMPTY_DRAFT);
  });

  test("of an older page keeps what still means something, and nothing that does not", () => {
    const stored = {
      prompt: "a boat",
      steps: "many",
      cfg_scale: null,
      count: 400,
      seed: -1,
      loras: [{ name: "pencil", weight: 1 }, { name: 3 }, null],
      source: "1",
      strength: "strong",
      idle: "yes",
      style: "photo",
    };

    expect(soundDraft(stored)).toEqual({
      ...EMPTY_DRAFT,
      prompt: "a boat",
      loras: [{ name: "pencil", weight: 1 }],
    });
  });
});
