/** One job: the picture as it forms, where it stands, and in the end what it cost. */
import { useQuery } from "@tanstack/react-query";
import { TriangleAlertIcon } from "lucide-react";
import { Link } from "react-router";

import type { Job, Recipe } from "@/api/types";
import { ActionButton, ActionLink } from "@/entities/ActionControl";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { imageQuery } from "@/entities/image/queries";
import { cancelJob } from "@/entities/job/actions/cancelJob";
import { retryJob } from "@/entities/job/actions/retryJob";
import { reuseJob } from "@/entities/job/actions/reuseJob";
import { Receipt } from "@/entities/job/Receipt";
import { isOver, isWaiting, noProgress } from "@/entities/job/progress";
import { failureText, LAST_PLACE, startText, statusText, waitText } from "@/entities/job/statusText";
import { useCountdown } from "@/entities/job/useCountdown";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";

import styles from "./JobTile.module.css";

interface JobProps {
  job: Job;
  /** Whether there is a newer job that tries this one again. */
  retried: boolean;
}

export function JobTile({ job, retried }: JobProps) {
  return (
    <div className={styles.tile}>
      <JobFrame job={job} />
      <JobFacts job={job} retried={retried} />
    </div>
  );
}

export function JobFacts({ job, retried }: JobProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const failed = job.status === "failed";
  const canceling = useAction(cancelJob);
  const again = useAction(retryJob, { beside: true });
  return (
    <div className={styles.facts}>
      <div className={styles.line}>
        <p className={styles.status} data-status={job.status}>
          {statusText(job, i18n)}
          <TimeLeft job={job} />
          {retried && <span className={styles.eta}>{t("queue.tried_again")}</span>}
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
        {isOver(job) && (
          <div className={styles.again}>
            <ActionButton
              action={retryJob}
              thing={{ ...job, retried }}
              look="quiet"
              small
              plain
              busy={again.busy}
              onPress={again.run}
            />
            <ActionLink action={reuseJob} thing={job} look="quiet" small plain />
          </div>
        )}
      </div>
      {again.problem && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, again.problem)}
        </p>
      )}
      {isWaiting(job) && <p className={styles.waits}>{waitText(job, i18n)}</p>}
      {failed && <p className={styles.reason}>{failureText(job, i18n)}</p>}
      {job.receipt && isOver(job) && <Receipt receipt={job.receipt} failed={failed} />}
    </div>
  );
}

export function JobFrame({ job }: { job: Job }) {
  const i18n = useI18n();
  const { t } = i18n;
  const recipe: Recipe = { ...job.parameters, job_type: job.job_type };
  const { width = 1, height = 1, source_image } = recipe;
  const title = pictureTitle(recipe, i18n);
  const shape = { "--width": width, "--height": height } as React.CSSProperties;

  if (job.image) {
    return (
      <Link
        to={`/gallery?view=${job.image.id}`}
        className={styles.frame}
        style={shape}
        aria-label={t("picture.open", { prompt: title })}
      >
        <img
          src={job.image.thumbnail_url ?? job.image.file_url}
          alt={title}
          className={styles.picture}
          width={width}
          height={height}
        />
      </Link>
    );
  }
  const running = job.status === "processing";
  const { percent, preview_url } = job.progress ?? noProgress(job);
  const done = { "--done": percent / 100 } as React.CSSProperties;
  return (
    <div className={styles.frame} style={{ ...shape, ...done }} data-status={job.status}>
      {preview_url !== null && running ? (
        <img src={preview_url} alt={t("job.preview")} className={styles.preview} />
      ) : (
        source_image !== undefined && !isOver(job) && <Beginning id={source_image} />
      )}
      {job.status === "failed" && <TriangleAlertIcon size={28} />}
      {isWaiting(job) && job.position !== null && <Place position={job.position} />}
      {running && (
        <div
          className={styles.bar}
          role="progressbar"
          aria-label={statusText(job, i18n)}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(percent)}
        />
      )}
    </div>
  );
}

/** The picture that the job starts from, until there is something of its own to see. */
function Beginning({ id }: { id: string }) {
  const { data } = useQuery(imageQuery(id));
  return data && <img src={data.thumbnail_url ?? data.file_url} alt="" className={styles.beginning} />;
}

/** In how long a waiting job starts, or a running one is done. */
function TimeLeft({ job }: { job: Job }) {
  const i18n = useI18n();
  const starts = useCountdown(isWaiting(job) ? job.eta_seconds : null);
  const left = job.status === "processing" ? (job.progress?.eta_seconds ?? null) : null;
  const text = left !== null ? i18n.t("job.eta", { time: i18n.duration(left) }) : startText(starts, i18n);
  return text !== null && <span className={styles.eta}>{text}</span>;
}

function Place({ position }: { position: number }) {
  const { number } = useI18n();
  const shown = position < LAST_PLACE ? number(position) : `${number(LAST_PLACE)}+`;
  // The same stands in words below.
  return (
    <span className={styles.position} aria-hidden="true">
      {shown}
    </span>
  );
}
