/** The same change of many pictures at once: of those that are named, or of all that match. It is done to all of them or to none. */
import type { QueryClient } from "@tanstack/react-query";

import {
  changeImages,
  getTask,
  trashDuplicates,
  undoTask,
  type FilterIn,
  type TaskOut,
} from "@/api/generated";
import { asProblem, problemFrom } from "@/api/problem";

import { rereadAfterMove } from "./cache";
import { imageKeys } from "./queries";
import type { Visibility } from "./actions/shareImage";

export type ManyImages = { ids: readonly string[] } | { filter: FilterIn; count: number };

export type ManyChange =
  | { action: "favorite" | "unfavorite" | "delete" }
  | { action: "rate"; rating: number }
  | { action: "tag" | "untag"; tags: string[] }
  | { action: "add_to_collection"; collection_id: string }
  | { action: "set_visibility"; visibility: Visibility };

/** As many as the server takes by their ids in one call. */
const AT_ONCE = 500;
const LOOK_AGAIN_MS = 700;

export type Progress = (done: number, of: number) => void;

/** How many pictures were changed, and the tasks by which that is taken back. */
export interface Done {
  tasks: readonly string[];
  count: number;
}

/** Makes the change; the tasks by which it is taken back. Where a part of it fails, what is done already is taken back first. */
export async function changeMany(
  images: ManyImages,
  change: ManyChange,
  onProgress: Progress,
): Promise<string[]> {
  if ("filter" in images) {
    const { task_id, count } = await changeImages({ body: { ...change, filter: images.filter } });
    if (task_id === null) return [];
    onProgress(0, count);
    await untilEnded(task_id, onProgress);
    return [task_id];
  }
  const tasks: string[] = [];
  for (const ids of parts(images.ids)) {
    try {
      const { task_id } = await changeImages({ body: { ...change, ids } });
      if (task_id !== null) tasks.push(task_id);
    } catch (error) {
      await undoMany(tasks, onProgress);
      throw error;
    }
    onProgress(tasks.length * AT_ONCE, images.ids.length);
  }
  return tasks;
}

/** As many of those that are to stay as the server takes. */
const MOST_KEPT = 500;

/** Moves all copies of the same bytes into the trash but one of each. */
export async function trashSame(keep: readonly string[], onProgress: Progress): Promise<Done> {
  const { task_id, count } = await trashDuplicates({ body: { keep: keep.slice(0, MOST_KEPT) } });
  if (task_id === null) return { tasks: [], count };
  onProgress(0, count);
  await untilEnded(task_id, onProgress);
  return { tasks: [task_id], count };
}

export async function undoMany(tasks: readonly string[], onProgress: Progress): Promise<void> {
  for (const task_id of [...tasks].reverse()) {
    const { status } = await undoTask({ path: { task_id } });
    if (status === "undoing") await untilEnded(task_id, onProgress);
  }
}

/** Everything that shows pictures is read again. */
export function rereadImages(client: QueryClient): void {
  rereadAfterMove(client);
  void client.invalidateQueries({ queryKey: imageKeys.all });
}

/** Raises what the task failed of. */
async function untilEnded(task_id: string, onProgress: Progress): Promise<void> {
  for (;;) {
    const task = await look(task_id);
    if (task) {
      onProgress(task.done, task.count);
      if (task.error && task.status === "failed")
        throw problemFrom(
          { ...task.error, detail: task.error.message, status: 409 },
          new Response(null, { status: 409 }),
        );
      if (task.status !== "running" && task.status !== "undoing") return;
    }
    await new Promise((again) => window.setTimeout(again, LOOK_AGAIN_MS));
  }
}

/** null: the studio did not answer just now; the task goes on without being looked at. */
async function look(task_id: string): Promise<TaskOut | null> {
  try {
    return await getTask({ path: { task_id } });
  } catch (error) {
    const { status } = asProblem(error);
    if (status >= 400 && status < 500 && status !== 429) throw error;
    return null;
  }
}

function parts(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, n) =>
    ids.slice(n * AT_ONCE, (n + 1) * AT_ONCE),
  );
}
