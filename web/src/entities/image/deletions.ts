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

/** How many are out of sight and may be brought back, these among them. */
export function putAway(ids: readonly string[]): number {
  retractable = [...retractable, ...ids.filter((id) => !retractable.includes(id))];
  see(new Set([...unseen, ...ids]));
  return retractable.length;
}

/** Moves into the trash what was put away. What cannot be moved is seen again, and why is thrown. */
export async function moveToTrash(ids: readonly string[]): Promise<void> {
  const call = send(ids);
  underWay.add(call);
  try {
    await call;
  } catch (error) {
    retractable = retractable.filter((id) => !ids.includes(id));
    showAgain(ids);
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
async function send(ids: readonly string[]): Promise<void> {
  const [only] = ids;
  try {
    if (only !== undefined && ids.length === 1)
      await deleteImage({ path: { image_id: only }, keepalive: true });
    else await changeImages({ body: { action: "delete", ids: [...ids] }, keepalive: true });
  } catch (error) {
    // Gone already is what was asked for.
    if (ids.length > 1 || asProblem(error).status !== 404) throw error;
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
