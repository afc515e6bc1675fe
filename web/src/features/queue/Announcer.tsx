import { useState } from "react";

import type { Job } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";

import { happenings } from "./happenings";

const KEPT = 6;

/** Says what becomes of the jobs to those who do not see them. It is there before there are any, or the first words would be lost. */
export function Announcer({ jobs }: { jobs: Job[] | undefined }) {
  const i18n = useI18n();
  const [heard, setHeard] = useState<{ jobs: Job[] | undefined; said: { id: number; text: string }[] }>({
    jobs,
    said: [],
  });
  if (heard.jobs !== jobs) {
    // The first reading is no news.
    const news = heard.jobs && jobs ? happenings(heard.jobs, jobs, i18n) : [];
    const next = (heard.said.at(-1)?.id ?? 0) + 1;
    const fresh = news.map((text, index) => ({ id: next + index, text }));
    setHeard({ jobs, said: [...heard.said, ...fresh].slice(-KEPT) });
  }
  return (
    <div role="log" aria-live="polite" aria-label={i18n.t("queue.news")} className="visually-hidden">
      {heard.said.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
