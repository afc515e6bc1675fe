import { BellIcon, CircleCheckIcon, CoinsIcon, TriangleAlertIcon } from "lucide-react";
import { Link } from "react-router";

import type { Job, Recipe } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { JobThumbnail } from "@/entities/job/JobThumbnail";
import { failureText } from "@/entities/job/statusText";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { Empty } from "@/ui/States";

import styles from "./NoticePanel.module.css";
import type { Notice } from "./notices";
import { useNotices } from "./useNotices";

interface NoticePanelProps {
  jobsInView: boolean;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function NoticePanel({ jobsInView, open, onOpenChange }: NoticePanelProps) {
  const { t, number } = useI18n();
  const notices = useNotices(jobsInView);
  const { all, unread } = notices;
  return (
    <Panel
      label={unread > 0 ? t("notices.open_with", { n: unread }) : t("notices.open")}
      title={t("notices.title")}
      icon={<BellIcon />}
      mark={unread > 0 ? number(unread) : null}
      open={open}
      onOpenChange={(next) => {
        onOpenChange(next);
        notices.read();
      }}
      aside={
        all.length > 0 && (
          <Button look="quiet" small onClick={notices.clear}>
            {t("notices.clear")}
          </Button>
        )
      }
    >
      {all.length === 0 ? (
        <Empty icon={BellIcon} title={t("notices.empty_title")} text={t("notices.empty_text")} />
      ) : (
        <ul className={styles.notices} aria-label={t("notices.title")}>
          {all.map((notice) => (
            <li key={notice.id} className={styles.notice}>
              <What notice={notice} onLeave={() => onOpenChange(false)} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function What({ notice: { what, at }, onLeave }: { notice: Notice; onLeave: () => void }) {
  const i18n = useI18n();
  const { t, find } = i18n;
  const when = i18n.ago(new Date(at).toISOString());
  if (what.kind === "credits") {
    const words = find(`notices.credits.${what.reason}`, { n: Math.abs(what.change) });
    return (
      <>
        <CoinsIcon className={styles.sign} />
        <div className={styles.words}>
          <p className={styles.title}>{words}</p>
          <p className={styles.faint}>{when}</p>
        </div>
      </>
    );
  }
  if (what.kind === "low") {
    return (
      <>
        <CoinsIcon className={styles.bad} />
        <div className={styles.words}>
          <p className={styles.title}>{t("notices.low", { n: what.balance })}</p>
          <p className={styles.faint}>{when}</p>
        </div>
      </>
    );
  }
  const [first] = what.jobs;
  if (!first) return null;
  const failed = what.kind === "failed";
  return (
    <>
      {failed ? <TriangleAlertIcon className={styles.bad} /> : <CircleCheckIcon className={styles.good} />}
      <div className={styles.words}>
        <p className={styles.title}>{t(`notices.${what.kind}`, { n: what.jobs.length })}</p>
        <p className={styles.prompt}>{titleOf(first, i18n)}</p>
        {failed ? (
          <p className={styles.soft}>
            {failureText(first, i18n)} {t("notices.failed_free")}
          </p>
        ) : (
          <div className={styles.pictures}>
            {what.jobs.map((job) => (
              <Link
                key={job.id}
                to={`/gallery?view=${job.image?.id}`}
                aria-label={t("picture.open", { prompt: titleOf(job, i18n) })}
                className={styles.picture}
                onClick={onLeave}
              >
                <JobThumbnail job={job} />
              </Link>
            ))}
          </div>
        )}
        <p className={styles.faint}>{when}</p>
      </div>
    </>
  );
}

function titleOf(job: Job, i18n: ReturnType<typeof useI18n>): string {
  return pictureTitle({ ...(job.parameters as Recipe), job_type: job.job_type }, i18n);
}
