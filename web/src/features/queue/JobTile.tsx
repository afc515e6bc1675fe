/**
 * One job: the picture as it forms, where it stands, and in the end what it cost. Nothing that becomes of a job changes the size of its
 * tile, so that what a person looks at stays where it is.
 */
import { memo } from "react";

import type { Job } from "@/api/types";
import { ActionButton, ActionLink } from "@/entities/ActionControl";
import { cancelJob } from "@/entities/job/actions/cancelJob";
import { reuseJob } from "@/entities/job/actions/reuseJob";
import { Receipt } from "@/entities/job/Receipt";
import { isOver, isWaiting } from "@/entities/job/progress";
import { startText, statusText } from "@/entities/job/statusText";
import { useCountdown } from "@/entities/job/useCountdown";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";

import { JobFrame } from "./JobFrame";
import styles from "./JobTile.module.css";

interface JobTileProps {
  job: Job;
  /** Whether there is a newer job that tries this one again. */
  retried: boolean;
  /** In what it differs from those beside it. */
  facts: string;
  large: boolean;
}

export const JobTile = memo(function JobTile({ job, retried, facts, large }: JobTileProps) {
  const i18n = useI18n();
  const canceling = useAction(cancelJob);
  const { width = 1, height = 1 } = job.parameters as { width?: number; height?: number };
  const shape = { "--ratio": width / height } as React.CSSProperties;
  return (
    <li className={styles.tile} style={shape}>
      <JobFrame job={job} retried={retried} large={large} />
      <div className={styles.line}>
        <p className={styles.status} data-status={job.status}>
          {statusText(job, i18n)}
        </p>
        <ActionButton
          action={cancelJob}
          thing={job}
          look="quiet"
          small
          plain
          busy={canceling.busy}
          onPress={canceling.run}
        />
        <ActionLink action={reuseJob} thing={job} look="quiet" small plain />
      </div>
      <div className={styles.below}>
        {job.receipt && isOver(job) ? (
          <Receipt receipt={job.receipt} failed={job.status === "failed"} />
        ) : (
          <TimeLeft job={job} />
        )}
      </div>
      {facts !== "" && <p className={styles.own}>{facts}</p>}
    </li>
  );
});

/** In how long a waiting job starts, or a running one is done. */
function TimeLeft({ job }: { job: Job }) {
  const i18n = useI18n();
  const starts = useCountdown(isWaiting(job) ? job.eta_seconds : null);
  const left = job.status === "processing" ? (job.progress?.eta_seconds ?? null) : null;
  const text = left !== null ? i18n.t("job.eta", { time: i18n.duration(left) }) : startText(starts, i18n);
  return text !== null && <p className={styles.eta}>{text}</p>;
}
