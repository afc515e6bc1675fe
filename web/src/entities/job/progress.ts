/** How far a job is, where an event and a poll disagree: time only goes forward within one attempt. */
import type { Job, JobPage, Progress } from "@/api/types";

export function isOver(job: Job): boolean {
  return job.status === "completed" || job.status === "failed" || job.status === "canceled";
}

export function isWaiting(job: Job): boolean {
  return job.status === "pending" || job.status === "queued";
}

/** The job at its new place in line; an event that comes after it has started changes nothing. */
export function moved(job: Job, wait: Pick<Job, "position" | "eta_seconds" | "waiting_for">): Job {
  if (!isWaiting(job)) return job;
  return { ...job, ...wait, status: wait.waiting_for === "slot" ? "pending" : "queued" };
}

/** The progress of a job that has not reported any. */
export function noProgress(job: Job): Progress {
  const { steps } = job.parameters;
  const total_steps = typeof steps === "number" ? steps : 0;
  return { step: 0, total_steps, step_name: "", percent: 0, preview_url: null, eta_seconds: null };
}

/** `fresh` as the server gave it, save progress that an event has already carried further. */
export function newestProgress(fresh: JobPage, known: JobPage[] | undefined): JobPage {
  if (!known) return fresh;
  const before = new Map(known.flatMap((page) => page.items).map((job) => [job.id, job]));
  return { ...fresh, items: fresh.items.map((job) => further(job, before.get(job.id))) };
}

function further(fresh: Job, known: Job | undefined): Job {
  if (fresh.status !== "processing" || known?.status !== "processing") return fresh;
  if (fresh.attempt !== known.attempt || !known.progress) return fresh;
  if (fresh.progress && fresh.progress.step >= known.progress.step) return fresh;
  return { ...fresh, progress: known.progress };
}
