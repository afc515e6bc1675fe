import { useRef } from "react";

import type { User } from "@/api/types";
import { CreateForm } from "@/features/create/CreateForm";
import { JobList } from "@/features/queue/JobList";
import { useI18n } from "@/i18n/useI18n";

import styles from "./CreatePage.module.css";

/** The form on one side, what became of it on the other. */
export function CreatePage({ user }: { user: User }) {
  const { t } = useI18n();
  const jobs = useRef<HTMLElement>(null);
  const showJobs = () => {
    // Beside each other the jobs are in view already; below each other they are not.
    if (!sideBySide.matches) jobs.current?.scrollIntoView({ block: "start" });
  };
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{t("nav.create")}</h1>
      <section className={styles.form}>
        <CreateForm userId={user.id} onSubmitted={showJobs} />
      </section>
      <section ref={jobs} className={styles.jobs} aria-label={t("job.title")}>
        <JobList />
      </section>
    </div>
  );
}

const sideBySide = window.matchMedia("(min-width: 60rem)");
