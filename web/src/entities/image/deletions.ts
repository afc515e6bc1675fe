/**
 * Pictures on their way out. The studio has no way to bring a deleted picture back, so for as long as the notice offers that, a picture is
 * only out of sight; when the notice goes, or the page does, or the person signs out, it is deleted for good.
 */
import { useSyncExternalStore } from "react";

import { BASE_PATH } from "@/api/basePath";
import { deleteImage } from "@/api/generated";
import { asProblem, type Problem } from "@/api/problem";
import { CLIENT_HEADER, heldToken } from "@/api/session";

/** Those that may still come back. */
let retractable: readonly string[] = [];
/** Out of sight: those, and what is deleted, which a list on its way may still name. */
let unseen: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

/** How many are out of sight and may still come back, this one among them. */
export function putAway(id: string): number {
  if (!retractable.includes(id)) retractable = [...retractable, id];
  see(new Set([...unseen, id]));
  return retractable.length;
}

/** Brings back all that may still come back. */
export function takeBack(): void {
  const back = retractable;
  retractable = [];
  bringBack(back);
}

/** Deletes for good what is out of sight. What cannot be deleted is seen again, and why is returned. */
export async function settleDeletions(): Promise<{ deleted: string[]; problem: Problem | null }> {
  const ids = retractable;
  retractable = [];
  const outcomes = await Promise.all(ids.map(deleteOne));
  const failed = outcomes.filter((outcome) => outcome.problem !== null);
  bringBack(failed.map(({ id }) => id));
  return {
    deleted: ids.filter((id) => unseen.has(id)),
    problem: failed[0]?.problem ?? null,
  };
}

/** Whoever lists pictures leaves these out. */
export function useUnseen(): ReadonlySet<string> {
  return useSyncExternalStore(onChange, () => unseen);
}

async function deleteOne(id: string): Promise<{ id: string; problem: Problem | null }> {
  try {
    await deleteImage({ path: { image_id: id } });
  } catch (error) {
    const problem = asProblem(error);
    // Gone already is what was asked for.
    if (problem.status !== 404) return { id, problem };
  }
  return { id, problem: null };
}

function bringBack(ids: readonly string[]): void {
  if (ids.length > 0) see(new Set([...unseen].filter((id) => !ids.includes(id))));
}

function see(next: ReadonlySet<string>): void {
  unseen = next;
  for (const listener of listeners) listener();
}

function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// A page that goes away waits for no answer: these requests outlive it.
window.addEventListener("pagehide", () => {
  const token = heldToken();
  if (token === null) return;
  const headers = { ...CLIENT_HEADER, Authorization: `Bearer ${token}` };
  for (const id of retractable) {
    void fetch(`${BASE_PATH}/api/v1/images/${id}`, { method: "DELETE", keepalive: true, headers }).catch(
      () => undefined,
    );
  }
  retractable = [];
});
