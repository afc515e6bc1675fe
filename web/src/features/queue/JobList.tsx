/** The person's jobs, newest first, in groups of the same words. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo, type ReactNode } from "react";

import { isOver } from "@/entities/job/progress";
import { jobsQuery } from "@/entities/job/queries";
import { useI18n } from "@/i18n/useI18n";
import { LoadMore } from "@/ui/LoadMore";
import { Failed, Loading } from "@/ui/States";

import { Announcer } from "./Announcer";
import { groupsOf } from "./groups";
import { JobGroup } from "./JobGroup";
import styles from "./JobList.module.css";

interface JobListProps {
  /** What stands here before there are any. */
  empty: ReactNode;
}

export function JobList({ empty }: JobListProps) {
  const { t } = useI18n();
  const { data, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(jobsQuery);
  // Many pictures are much to draw; the page takes keys meanwhile.
  const read = useDeferredValue(data);
  const jobs = useMemo(() => read?.pages.flatMap((page) => page.items), [read]);
  const again = jobs?.flatMap((job) => job.retry_of ?? []).join(" ") ?? "";
  const retried = useMemo(() => new Set(again.split(" ")), [again]);
  const groups = useMemo(() => groupsOf(jobs ?? []), [jobs]);
  const active = jobs?.filter((job) => !isOver(job)).length ?? 0;

  return (
    <>
      <Announcer jobs={jobs} />
      {!jobs && !isError && <Loading label={t("queue.loading")} />}
      {isError && !jobs && <Failed error={error} onRetry={() => void refetch()} />}
      {jobs?.length === 0 && empty}
      {groups.length > 0 && (
        <>
          <header className={styles.head}>
            <h2>{t("job.title")}</h2>
            <p className={styles.active}>{active > 0 ? t("queue.active", { n: active }) : t("queue.idle")}</p>
          </header>
          <ul className={styles.groups}>
            {groups.map((group, index) => (
              <JobGroup key={group.id} group={group} newest={index === 0} retried={retried} />
            ))}
          </ul>
        </>
      )}
      {hasNextPage && (
        <LoadMore eager={false} busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      )}
    </>
  );
}
