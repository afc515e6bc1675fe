import type { Job, Recipe } from "@/api/types";
import { ActionIcon } from "@/entities/ActionControl";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { cancelJob } from "@/entities/job/actions/cancelJob";
import { JobThumbnail } from "@/entities/job/JobThumbnail";
import { isWaiting, noProgress } from "@/entities/job/progress";
import { statusText, waitText } from "@/entities/job/statusText";
import { useTimeLeft } from "@/entities/job/useTimeLeft";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { ProgressBar } from "@/ui/Progress";

import styles from "./JobTray.module.css";

/** One job in a line: what it is, where it stands, and how to take it back. */
export function JobRow({ job }: { job: Job }) {
  const i18n = useI18n();
  const canceling = useAction(cancelJob);
  const time = useTimeLeft(job);
  const title = pictureTitle({ ...(job.parameters as Recipe), job_type: job.job_type }, i18n);
  const status = statusText(job, i18n);
  return (
    <li className={styles.job} aria-label={title}>
      <JobThumbnail job={job} />
      <div className={styles.words}>
        <p className={styles.title}>{title}</p>
        <p className={styles.status}>
          <span>{status}</span>
          {time !== null && <span className={styles.faint}>{time}</span>}
        </p>
        {isWaiting(job) ? (
          <p className={styles.faint}>{waitText(job, i18n)}</p>
        ) : (
          <ProgressBar label={status} value={(job.progress ?? noProgress(job)).percent} />
        )}
      </div>
      <ActionIcon
        action={cancelJob}
        thing={job}
        size={16}
        onPress={() => !canceling.busy && canceling.run(job)}
      />
    </li>
  );
}
