import { useEffect, useState } from "react";

import type { Preferences } from "@/entities/user/preferences";

import { EMPTY_DRAFT, type Draft } from "./draft";
import { MAX_COUNT } from "./limits";
import { hasDraft } from "./storedDraft";

/** Where nobody wrote anything yet, the form begins with as many pictures, and without what, the person likes. */
export function useFirstDraft(
  userId: string,
  preferences: Preferences | undefined,
  edit: (next: (before: Draft) => Draft) => void,
): void {
  const [first] = useState(() => !hasDraft(userId));
  const { count, negative_prompt } = preferences?.defaults ?? {};
  useEffect(() => {
    if (!first || (!count && !negative_prompt)) return;
    edit((before) => ({
      ...before,
      count: before.count === EMPTY_DRAFT.count ? Math.min(count ?? before.count, MAX_COUNT) : before.count,
      negative_prompt: before.negative_prompt || (negative_prompt ?? ""),
    }));
  }, [first, count, negative_prompt, edit]);
}
