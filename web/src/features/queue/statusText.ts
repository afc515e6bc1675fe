/** Where a job stands, in words. */
import { noProgress } from "@/api/progress";
import type { Job } from "@/api/types";
import type { Translator } from "@/i18n/translate";

export function statusText(job: Job, { t, find }: Translator): string {
  const { step, total_steps, step_name } = job.progress ?? noProgress(job);
  switch (job.status) {
    case "pending":
      return find(`queue.waiting_for.${job.waiting_for ?? "slot"}`) ?? t("queue.waiting");
    case "queued":
      if (job.position !== null && job.position > 1) return t("queue.position", { position: job.position });
      if (job.position === 1) return t("queue.next");
      return find(`queue.waiting_for.${job.waiting_for ?? "worker"}`) ?? t("queue.waiting");
    case "processing":
      if (step_name !== "" && step_name !== "Denoising") return find(`queue.step.${step_name}`) ?? step_name;
      return step === 0 ? t("queue.starting") : t("queue.step", { step, total: total_steps });
    case "completed":
      return t("queue.completed");
    case "failed":
      return t("queue.failed");
    case "canceled":
      return t("queue.canceled");
  }
}

/** Why it failed: in the page's language where the code is known, else as the server put it. */
export function failureText(job: Job, { find, t }: Translator): string {
  if (!job.error) return t("job_error.internal_error");
  return find(`job_error.${job.error.code}`) ?? job.error.message;
}
