import { renderHook } from "@testing-library/react";
import { expect, test } from "vitest";

import { wordless, EMPTY_DRAFT } from "@/features/create/draft";
import { useSame } from "@/features/create/useSame";

test("what is left of a draft without its words is the same object while only words are written", () => {
  const { result, rerender } = renderHook(({ draft }) => useSame(wordless(draft)), {
    initialProps: { draft: EMPTY_DRAFT },
  });
  const before = result.current;

  rerender({ draft: { ...EMPTY_DRAFT, prompt: "a house" } });
  expect(result.current).toBe(before);
  rerender({ draft: { ...EMPTY_DRAFT, prompt: "a house", steps: 8 } });
  expect(result.current).not.toBe(before);
  expect(result.current.steps).toBe(8);
});
