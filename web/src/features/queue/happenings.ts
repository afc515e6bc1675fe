/** What became of jobs between two readings, for those who do not see it: that one waits, began, is done or failed, and not each step. */
import type { Job } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { isWaiting } from "@/entities/job/progress";
import { failureText } from "@/entities/job/statusText";
import type { Translator } from "@/i18n/translate";

/** A prompt may be long; its beginning tells which one it is. */
const SAID_OF_A_TITLE = 60;

export function happenings(before: Job[], after: Job[], i18n: Translator): string[] {
  const { t } = i18n;
  const known = new Map(before.map((job) => [job.id, job.status]));
  const newest = before.reduce((id, job) => (job.id > id ? job.id : id), "");
  // Ids of version 7 sort by time: what is older and unknown was only loaded now.
  const queued = after.filter((job) => !known.has(job.id) && job.id > newest && isWaiting(job));
  const became = (status: Job["status"]) =>
    after.filter((job) => {
      const was = known.get(job.id);
      return job.status === status && was !== status && (was !== undefined || job.id > newest);
    });
  const said = (key: "started" | "done" | "canceled", jobs: Job[]) => {
    const [first] = jobs;
    if (!first) return [];
    return jobs.length === 1
      ? [t(`queue.said_${key}`, { title: titleOf(first, i18n) })]
      : [t(`queue.said_${key}_many`, { n: jobs.length })];
  };
  return [
    ...(queued.length > 0 ? [t("queue.said_queued", { n: queued.length })] : []),
    ...said("started", became("processing")),
    ...said("done", became("completed")),
    ...became("failed").map((job) =>
      t("queue.said_failed", { title: titleOf(job, i18n), reason: failureText(job, i18n) }),
    ),
    ...said("canceled", became("canceled")),
  ];
}

function titleOf({ job_type, parameters }: Job, i18n: Translator): string {
  const title = pictureTitle({ ...parameters, job_type }, i18n);
  return title.length > SAID_OF_A_TITLE ? `${title.slice(0, SAID_OF_A_TITLE)}…` : title;
}
