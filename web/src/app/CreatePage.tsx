import { useRef, useState } from "react";

import type { Checkpoint, User } from "@/api/types";
import { CreateForm, type FormHandle } from "@/features/create/CreateForm";
import { Examples } from "@/features/create/Examples";
import { JobList } from "@/features/queue/JobList";
import { useI18n } from "@/i18n/useI18n";

import styles from "./CreatePage.module.css";

/** The form on one side, what became of it on the other. */
export function CreatePage({ user }: { user: User }) {
  const { t } = useI18n();
  const form = useRef<FormHandle>(null);
  const jobs = useRef<HTMLElement>(null);
  const [model, setModel] = useState<Checkpoint | null>(null);
  const showJobs = () => {
    // Beside each other the jobs are in view already; below each other they are not.
    if (!sideBySide.matches) jobs.current?.scrollIntoView({ block: "start" });
  };
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{t("nav.create")}</h1>
      <section className={styles.form}>
        <CreateForm ref={form} userId={user.id} onModel={setModel} onSubmitted={showJobs} />
      </section>
      <section ref={jobs} className={styles.jobs} aria-label={t("job.title")}>
        <JobList empty={<Examples model={model} onChoose={(example) => form.current?.fill(example)} />} />
      </section>
    </div>
  );
}

const sideBySide = window.matchMedia("(min-width: 60rem)");
