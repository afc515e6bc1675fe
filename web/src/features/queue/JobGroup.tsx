/** Pictures that were asked for in the same words: the words once, and the pictures beside each other. */
import { memo } from "react";

import type { Job } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { useI18n } from "@/i18n/useI18n";

import { factsOf, sharedFacts, type Group } from "./groups";
import styles from "./JobGroup.module.css";
import { JobTile } from "./JobTile";

interface JobGroupProps {
  group: Group;
  /** The newest is shown larger than the others. */
  newest: boolean;
  /** Jobs that a newer one tries again. */
  retried: ReadonlySet<string>;
}

export const JobGroup = memo(function JobGroup({ group, newest, retried }: JobGroupProps) {
  const i18n = useI18n();
  const facts = group.jobs.map((job) => factsOf(job, i18n));
  const shared = sharedFacts(facts);
  return (
    <li className={styles.group} data-newest={newest || undefined}>
      <Words job={group.jobs[0]} facts={shared} />
      <ul className={styles.tiles} data-single={group.jobs.length === 1 || undefined}>
        {group.jobs.map((job, index) => (
          <JobTile
            key={job.id}
            job={job}
            retried={retried.has(job.id)}
            large={newest}
            facts={facts[index]?.filter((fact) => !shared.includes(fact)).join(" · ") ?? ""}
          />
        ))}
      </ul>
    </li>
  );
}, alike);

/** Steps of one job are no reason to draw the groups of others. */
function alike(before: JobGroupProps, after: JobGroupProps): boolean {
  const [old, fresh] = [before.group.jobs, after.group.jobs];
  return (
    before.newest === after.newest &&
    before.retried === after.retried &&
    old.length === fresh.length &&
    old.every((job, index) => job === fresh[index])
  );
}

function Words({ job, facts }: { job: Job; facts: string[] }) {
  const i18n = useI18n();
  const { t, ago, dateTime } = i18n;
  const { job_type, parameters, created_at } = job;
  const negative = parameters.negative_prompt;
  return (
    <header className={styles.words}>
      <p className={styles.prompt}>{pictureTitle({ ...parameters, job_type }, i18n)}</p>
      {typeof negative === "string" && negative !== "" && (
        <p className={styles.negative}>{t("queue.without", { words: negative })}</p>
      )}
      <p className={styles.facts}>
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
        <time dateTime={created_at} title={dateTime(created_at)}>
          {ago(created_at)}
        </time>
      </p>
    </header>
  );
}
