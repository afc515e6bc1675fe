import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useRef, useState } from "react";

import type { Checkpoint, User } from "@/api/types";
import { useMadeBefore } from "@/entities/job/useMadeBefore";
import { modelsQuery } from "@/entities/model/queries";
import { CreateForm, type FormHandle } from "@/features/create/CreateForm";
import { Examples } from "@/features/create/Examples";
import { JobList } from "@/features/queue/JobList";
import { useI18n } from "@/i18n/useI18n";
import { useMedia } from "@/ui/useMedia";

import { PageSkeleton } from "./PageSkeleton";
import styles from "./CreatePage.module.css";

/** The form on one side, what became of it on the other. */
export function CreatePage({ user }: { user: User }) {
  const waits = useDeferredValue(useUnknownOrder(user));
  return waits ? <PageSkeleton shape="form" /> : <Create user={user} />;
}

/** Below each other, what teaches comes above the form, and what became of it below: until it is known which, neither is shown. */
function useUnknownOrder({ id }: User): boolean {
  const beside = useMedia(SIDE_BY_SIDE);
  const made = useMadeBefore(id);
  const { isPending } = useQuery(modelsQuery);
  return !beside && (made === null || (!made && isPending));
}

function Create({ user }: { user: User }) {
  const { t } = useI18n();
  const form = useRef<FormHandle>(null);
  const jobs = useRef<HTMLElement>(null);
  const [model, setModel] = useState<Checkpoint | null>(null);
  const showJobs = () => {
    // Beside each other the jobs are in view already; below each other they are not.
    if (!window.matchMedia(SIDE_BY_SIDE).matches) jobs.current?.scrollIntoView({ block: "start" });
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

/** As in the style sheet. */
const SIDE_BY_SIDE = "(min-width: 60rem)";
