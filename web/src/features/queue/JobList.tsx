/** The person's jobs, newest first, as they were asked for. */
import { useInfiniteQuery } from "@tanstack/react-query";

import type { Job, Recipe } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { type Batch, batchesOf } from "@/entities/job/batches";
import { isOver } from "@/entities/job/progress";
import { jobsQuery } from "@/entities/job/queries";
import { useI18n } from "@/i18n/useI18n";
import { cx } from "@/ui/cx";
import { LoadMore } from "@/ui/LoadMore";
import { Empty, Failed, Loading } from "@/ui/States";

import styles from "./JobList.module.css";
import { JobFacts, JobFrame, JobTile } from "./JobTile";

export function JobList() {
  const { t } = useI18n();
  const { data, isPending, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(jobsQuery);

  if (isPending) return <Loading label={t("queue.loading")} />;
  if (isError && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  const jobs = data.pages.flatMap((page) => page.items);
  if (jobs.length === 0) return <Empty title={t("queue.empty_title")} text={t("queue.empty_text")} />;
  const active = jobs.filter((job) => !isOver(job)).length;
  const retried = new Set(jobs.flatMap((job) => job.retry_of ?? []));

  return (
    <>
      <header className={styles.head}>
        <h2>{t("job.title")}</h2>
        <p className={styles.active} role="status">
          {active > 0 ? t("queue.active", { n: active }) : t("queue.idle")}
        </p>
      </header>
      <ul className={styles.batches}>
        {batchesOf(jobs).map((batch) => (
          <BatchSheet key={batch.id} batch={batch} retried={retried} />
        ))}
      </ul>
      {hasNextPage && (
        <LoadMore eager={false} busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      )}
    </>
  );
}

function BatchSheet({ batch, retried }: { batch: Batch; retried: ReadonlySet<string> }) {
  const [first] = batch.jobs;
  // One picture stands beside its words; several stand below the words they share.
  if (batch.jobs.length === 1) {
    return (
      <li className={cx(styles.sheet, styles.single)}>
        <JobFrame job={first} />
        <div className={styles.beside}>
          <Words job={first} />
          <JobFacts job={first} retried={retried.has(first.id)} />
        </div>
      </li>
    );
  }
  return (
    <li className={styles.sheet}>
      <Words job={first} />
      <ul className={styles.tiles}>
        {batch.jobs.map((job) => (
          <li key={job.id}>
            <JobTile job={job} retried={retried.has(job.id)} />
          </li>
        ))}
      </ul>
    </li>
  );
}

function Words({ job }: { job: Job }) {
  const i18n = useI18n();
  const { t, ago, dateTime, number } = i18n;
  const recipe = job.parameters as Recipe;
  const { negative_prompt, width = 0, height = 0, steps, cfg_scale, strength } = recipe;
  return (
    <div className={styles.words}>
      <p className={styles.prompt}>{pictureTitle({ ...recipe, job_type: job.job_type }, i18n)}</p>
      {negative_prompt && <p className={styles.negative}>{t("queue.without", { words: negative_prompt })}</p>}
      <p className={styles.facts}>
        <span>{`${number(width)} × ${number(height)}`}</span>
        {steps !== undefined && <span>{t("queue.fact_steps", { steps })}</span>}
        {cfg_scale !== undefined && <span>{t("queue.fact_cfg", { cfg: cfg_scale })}</span>}
        {strength !== undefined && <span>{t("queue.fact_strength", { strength })}</span>}
        <time dateTime={job.created_at} title={dateTime(job.created_at)}>
          {ago(job.created_at)}
        </time>
      </p>
    </div>
  );
}
