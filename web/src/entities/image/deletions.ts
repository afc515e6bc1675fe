/**
 * Pictures that were just deleted: out of sight at once, before the studio has heard of it. For as long as the notice offers that, they
 * can be brought back from the trash together.
 */
import { useSyncExternalStore } from "react";

import { changeImages, deleteImage } from "@/api/generated";
import { asProblem } from "@/api/problem";

/** Those that the notice would bring back. */
let retractable: readonly string[] = [];
/** Out of sight: those, and what a list on its way may still name. */
let unseen: ReadonlySet<string> = new Set();
/** Calls that move pictures into the trash: what is brought back has to be there first. */
const underWay = new Set<Promise<unknown>>();
const listeners = new Set<() => void>();

/** How many are out of sight and may be brought back, this one among them. */
export function putAway(id: string): number {
  retractable = [...retractable.filter((one) => one !== id), id];
  see(new Set([...unseen, id]));
  return retractable.length;
}

/** Moves into the trash what was put away; many at once go there by `many.ts`. What cannot be moved is seen again, and why is thrown. */
export async function moveToTrash(id: string): Promise<void> {
  const call = send(id);
  underWay.add(call);
  try {
    await call;
  } catch (error) {
    retractable = retractable.filter((one) => one !== id);
    showAgain([id]);
    throw error;
  } finally {
    underWay.delete(call);
  }
}

/** Brings back from the trash all that may still be brought back; which they were. */
export async function takeBack(): Promise<readonly string[]> {
  const asked = retractable;
  retractable = [];
  await Promise.allSettled([...underWay]);
  // What could not be deleted is there.
  const ids = asked.filter((id) => unseen.has(id));
  if (ids.length > 0) await changeImages({ body: { action: "restore", ids: [...ids] } });
  showAgain(ids);
  return ids;
}

/** From here on the notice brings back nothing: the trash does. */
export function forgetRetractable(): void {
  retractable = [];
}

/** Lists show them again. */
export function showAgain(ids: readonly string[]): void {
  if (ids.length > 0) see(new Set([...unseen].filter((id) => !ids.includes(id))));
}

/** Whoever lists pictures leaves these out. */
export function useUnseen(): ReadonlySet<string> {
  return useSyncExternalStore(onChange, () => unseen);
}

// A page that goes away waits for no answer: these requests outlive it.
async function send(id: string): Promise<void> {
  try {
    await deleteImage({ path: { image_id: id }, keepalive: true });
  } catch (error) {
    // Gone already is what was asked for.
    if (asProblem(error).status !== 404) throw error;
  }
}

function see(next: ReadonlySet<string>): void {
  unseen = next;
  for (const listener of listeners) listener();
}

function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
