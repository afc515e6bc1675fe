/** Where a job stands, in words. */
import type { Job } from "@/api/types";
import type { Translator } from "@/i18n/translate";

import { noProgress } from "./progress";

/** Places are counted up to this one, which stands for all that follow. */
export const LAST_PLACE = 1000;

export function statusText(job: Job, i18n: Translator): string {
  const { t, find } = i18n;
  const { step, total_steps, step_name } = job.progress ?? noProgress(job);
  switch (job.status) {
    case "pending":
    case "queued":
      return placeText(job, i18n);
    case "processing":
      if (step_name !== "" && step_name !== "Denoising") return find(`job.step.${step_name}`) ?? step_name;
      return step === 0 ? t("job.starting") : t("job.step", { step, total: total_steps });
    case "completed":
      return t("job.completed");
    case "failed":
      return t("job.failed");
    case "canceled":
      return t("job.canceled");
  }
}

/** What a waiting job waits for. */
export function waitText(job: Job, { t, find }: Translator): string {
  if (job.lane === "idle" && job.waiting_for === "worker") return t("job.waiting_for.nobody_else");
  return find(`job.waiting_for.${job.waiting_for ?? "worker"}`) ?? t("job.waiting");
}

/** In how long it starts; nothing when nobody can tell. */
export function startText(seconds: number | null, { t, duration }: Translator): string | null {
  if (seconds === null) return null;
  return seconds < 1 ? t("job.starts_now") : t("job.starts_in", { time: duration(roughly(seconds)) });
}

/** Why it failed: in the page's language where the code is known, else as the server put it. */
export function failureText(job: Job, { find, t }: Translator): string {
  if (!job.error) return t("job.error.internal_error");
  return find(`job.error.${job.error.code}`) ?? job.error.message;
}

function placeText({ position }: Job, { t, ordinal }: Translator): string {
  if (position === null) return t("job.waiting");
  if (position >= LAST_PLACE) return t("job.far", { count: LAST_PLACE });
  return position === 1 ? t("job.next") : t("job.position", { place: ordinal(position) });
}

/** A forecast is not exact to the second, and need not look as if it were. */
function roughly(seconds: number): number {
  return seconds > 10 ? Math.ceil(seconds / 5) * 5 : Math.ceil(seconds);
}
