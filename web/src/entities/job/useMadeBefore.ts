/** Whether somebody made something here before: who never did is taught, above the form where there is no room beside it. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { jobsQuery } from "./queries";

/** Null while the studio is still asked. This browser remembers who did, so that they need not wait for the answer. */
export function useMadeBefore(userId: string): boolean | null {
  const { data, isPending } = useInfiniteQuery(jobsQuery);
  const some = data?.pages.some((page) => page.items.length > 0);
  useEffect(() => {
    if (some) remember(userId);
  }, [some, userId]);
  if (some || isRemembered(userId)) return true;
  return isPending ? null : false;
}

function isRemembered(userId: string): boolean {
  try {
    return localStorage.getItem(storageKey(userId)) !== null;
  } catch {
    return false;
  }
}

function remember(userId: string): void {
  try {
    localStorage.setItem(storageKey(userId), "1");
  } catch {
    // Without storage the studio is waited for each time.
  }
}

function storageKey(userId: string): string {
  return `pingvas.made.${userId}`;
}
