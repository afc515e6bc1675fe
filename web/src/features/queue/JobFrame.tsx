/** The picture of a job, or what stands in its place, in the shape that the picture has or will have. */
import { useQuery } from "@tanstack/react-query";
import { ImageOffIcon, TriangleAlertIcon } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";

import type { Image, Job, Recipe } from "@/api/types";
import { ActionButton } from "@/entities/ActionControl";
import { useUnseen } from "@/entities/image/deletions";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { imageQuery } from "@/entities/image/queries";
import { retryJob } from "@/entities/job/actions/retryJob";
import { LostPicture } from "@/entities/job/LostPicture";
import { isOver, isWaiting, noProgress } from "@/entities/job/progress";
import { failureText, LAST_PLACE, statusText, waitText } from "@/entities/job/statusText";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { ProgressBar } from "@/ui/Progress";
import { problemText } from "@/ui/problemText";

import styles from "./JobFrame.module.css";

interface JobFrameProps {
  job: Job;
  retried: boolean;
  /** Shown so large that a small copy would look soft. */
  large: boolean;
}

export function JobFrame({ job, retried, large }: JobFrameProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const unseen = useUnseen();
  if (job.image && !unseen.has(job.image.id)) return <Finished job={job} image={job.image} large={large} />;

  const { source_image } = job.parameters as Recipe;
  const running = job.status === "processing";
  const { percent, preview_url } = job.progress ?? noProgress(job);
  const done = { "--done": percent / 100 } as React.CSSProperties;
  return (
    <div className={styles.frame} style={done} data-status={job.status}>
      {preview_url !== null && running ? (
        <img src={preview_url} alt={t("job.preview")} className={styles.preview} />
      ) : (
        source_image !== undefined && !isOver(job) && <Beginning id={source_image} />
      )}
      {isWaiting(job) && (
        <Said>
          {job.position !== null && <Place position={job.position} />}
          <p>{waitText(job, i18n)}</p>
        </Said>
      )}
      {running && <ProgressBar label={statusText(job, i18n)} value={percent} className={styles.progress} />}
      {job.status === "completed" && (
        <Said>
          <ImageOffIcon size={28} />
          <p>{t("queue.picture_gone")}</p>
        </Said>
      )}
      {(job.status === "failed" || job.status === "canceled") && <Ended job={job} retried={retried} />}
    </div>
  );
}

interface FinishedProps {
  job: Job;
  image: Image;
  large: boolean;
}

function Finished({ job, image, large }: FinishedProps) {
  const i18n = useI18n();
  const [lost, setLost] = useState<string | null>(null);
  const address = large || image.width <= SMALL ? image.file_url : (image.thumbnail_url ?? image.file_url);
  // Read again, it may have another address, which is tried.
  if (lost === address) {
    return (
      <div className={styles.frame} data-status="completed">
        <LostPicture jobId={job.id} />
      </div>
    );
  }
  const title = pictureTitle({ ...job.parameters, job_type: job.job_type }, i18n);
  return (
    <Link
      to={`/gallery?view=${image.id}`}
      className={styles.frame}
      aria-label={i18n.t("picture.open", { prompt: title })}
    >
      <img
        src={address}
        alt={title}
        className={styles.picture}
        width={image.width}
        height={image.height}
        onError={() => setLost(address)}
      />
    </Link>
  );
}

/** Pixels across: what is no larger comes as it is, always. */
const SMALL = 512;

/** What did not come to an end, why, and another try. */
function Ended({ job, retried }: Omit<JobFrameProps, "large">) {
  const i18n = useI18n();
  const again = useAction(retryJob, { beside: true });
  return (
    <Said>
      {job.status === "failed" && (
        <>
          <TriangleAlertIcon size={28} />
          <p className={styles.reason}>{failureText(job, i18n)}</p>
        </>
      )}
      <ActionButton
        action={retryJob}
        thing={{ ...job, retried }}
        small
        busy={again.busy}
        onPress={again.run}
      />
      {retried && <p>{i18n.t("queue.tried_again")}</p>}
      {again.problem && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, again.problem)}
        </p>
      )}
    </Said>
  );
}

function Said({ children }: { children: ReactNode }) {
  return <div className={styles.said}>{children}</div>;
}

/** The picture that the job starts from, until there is something of its own to see. */
function Beginning({ id }: { id: string }) {
  const { data } = useQuery(imageQuery(id));
  return data && <img src={data.thumbnail_url ?? data.file_url} alt="" className={styles.beginning} />;
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
