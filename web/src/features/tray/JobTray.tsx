/** The jobs that have not ended, from any page: where each stands, what is there of it, and a way to take it back. */
import { useQueryClient } from "@tanstack/react-query";
import { LayersIcon } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { ActionButton } from "@/entities/ActionControl";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { cancelAllJobs } from "@/entities/job/actions/cancelAllJobs";
import { jobKeys } from "@/entities/job/queries";
import { useRunningJobs } from "@/entities/job/useRunningJobs";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { LoadMore } from "@/ui/LoadMore";
import { Panel } from "@/ui/Panel";
import { Empty, Failed, Skeleton } from "@/ui/States";

import { JobRow } from "./JobRow";
import styles from "./JobTray.module.css";

interface JobTrayProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function JobTray({ open, onOpenChange }: JobTrayProps) {
  const { t, number } = useI18n();
  const client = useQueryClient();
  const { jobs, hasNextPage } = useRunningJobs();
  const [asking, setAsking] = useState(false);
  const canceling = useAction(cancelAllJobs);
  const all = { count: jobs.length };
  const count = number(jobs.length) + (hasNextPage ? "+" : "");
  return (
    <Panel
      label={jobs.length > 0 ? t("tray.open_with", { count }) : t("tray.open")}
      title={t("tray.title")}
      icon={<LayersIcon />}
      mark={jobs.length > 0 ? count : null}
      open={open}
      onOpenChange={(next) => {
        onOpenChange(next);
        if (next) void client.invalidateQueries({ queryKey: jobKeys.running });
      }}
      aside={
        <ActionButton
          action={cancelAllJobs}
          thing={all}
          look="quiet"
          small
          plain
          onPress={() => setAsking(true)}
        />
      }
    >
      <Jobs onLeave={() => onOpenChange(false)} />
      {asking && (
        <ActionQuestion
          action={cancelAllJobs}
          thing={all}
          busy={canceling.busy}
          onClose={() => setAsking(false)}
          onConfirm={() => canceling.run(all, () => setAsking(false))}
        />
      )}
    </Panel>
  );
}

function Jobs({ onLeave }: { onLeave: () => void }) {
  const { t } = useI18n();
  const { jobs, isPending, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useRunningJobs();
  if (isPending) {
    return (
      <div className={styles.loading}>
        <Skeleton shape="block" label={t("tray.loading")} />
      </div>
    );
  }
  if (error && jobs.length === 0) return <Failed error={error} onRetry={() => void refetch()} />;
  if (jobs.length === 0) {
    return (
      <Empty icon={LayersIcon} title={t("tray.empty_title")} text={t("tray.empty_text")}>
        <Link to="/create" className={buttonClass("plain", { small: true })} onClick={onLeave}>
          {t("nav.create")}
        </Link>
      </Empty>
    );
  }
  return (
    <>
      <ul className={styles.jobs} aria-label={t("tray.title")}>
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} />
        ))}
      </ul>
      {hasNextPage && (
        <LoadMore eager={false} busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      )}
    </>
  );
}
