/** Jobs as they are shown: what was asked for in the same words, one batch after another, stands together. */
import type { Job, Recipe } from "@/api/types";
import { batchesOf } from "@/entities/job/batches";
import type { Translator } from "@/i18n/translate";

export interface Group {
  /** Stays the same while newer batches join it. */
  id: string;
  /** The newest batch first, each in the order in which it was asked for; never empty. */
  jobs: [Job, ...Job[]];
}

/** Jobs, newest first, gathered by their words. Only neighbours meet, so that nothing leaves its place in time. */
export function groupsOf(jobs: Job[]): Group[] {
  const groups: (Group & { words: string })[] = [];
  for (const batch of batchesOf(jobs)) {
    const words = wordsOf(batch.jobs[0]);
    const last = groups.at(-1);
    if (last?.words === words) {
      last.jobs.push(...batch.jobs);
      last.id = batch.id;
    } else groups.push({ id: batch.id, jobs: [...batch.jobs], words });
  }
  return groups;
}

/** What a job's settings say in words, one by one, save those that stand elsewhere. */
export function factsOf({ parameters }: Job, { t, number }: Translator): string[] {
  const { width = 0, height = 0, steps, cfg_scale, strength } = parameters as Recipe;
  return [
    `${number(width)} × ${number(height)}`,
    ...(steps !== undefined ? [t("queue.fact_steps", { steps })] : []),
    ...(cfg_scale !== undefined ? [t("queue.fact_cfg", { cfg: cfg_scale })] : []),
    ...(strength !== undefined ? [t("queue.fact_strength", { strength })] : []),
  ];
}

/** Those facts that all of these lists hold. */
export function sharedFacts(lists: string[][]): string[] {
  const [first = [], ...others] = lists;
  return first.filter((fact) => others.every((list) => list.includes(fact)));
}

/** Two jobs with the same are asked for in the same words; without words, by the same kind. */
function wordsOf({ job_type, parameters }: Job): string {
  const { prompt, negative_prompt, source_image, scale } = parameters as Recipe;
  return JSON.stringify(prompt ? [prompt, negative_prompt ?? ""] : [job_type, source_image, scale]);
}
