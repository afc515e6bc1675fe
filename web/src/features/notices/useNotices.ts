import { useState } from "react";

import { useEndedJobs } from "@/entities/job/useEndedJobs";
import { usePreferences } from "@/entities/user/preferences";
import type { CreditsEvent } from "@/entities/user/useUserEvents";
import { useServerEvents } from "@/realtime/hooks";

import { chime } from "./chime";
import { withCredits, withJob, withLowCredits, type Notice } from "./notices";

/** What a picture costs, and what comes back for one that failed, stands beside the picture. */
const TOLD_OF_CREDITS = ["grant", "bonus", "expire"];

interface Notices {
  all: readonly Notice[];
  unread: number;
  read: () => void;
  clear: () => void;
}

/** Gathers them while mounted. `jobsInView`: so that nobody has to be told. */
export function useNotices(jobsInView: boolean): Notices {
  const [all, setAll] = useState<readonly Notice[]>([]);
  const [readAt, setReadAt] = useState(0);

  const wanted = usePreferences()?.notices;
  const add = (change: (before: readonly Notice[], at: number) => Notice[]) => {
    setAll((before) => change(before, Date.now()));
    if (wanted?.sound === true) chime();
  };

  useEndedJobs((job) => {
    if (job.status === "canceled" || (jobsInView && !document.hidden)) return;
    const kind = job.status === "completed" ? "job_completed" : "job_failed";
    if (wanted?.[kind] !== false) add((before, at) => withJob(before, job, at));
  });
  useServerEvents<CreditsEvent>({
    "credits:updated": ({ reason, change }) => {
      if (TOLD_OF_CREDITS.includes(reason)) add((before, at) => withCredits(before, reason, change, at));
    },
    "credits:low": ({ balance }) => {
      if (wanted?.credits_low !== false) add((before, at) => withLowCredits(before, balance, at));
    },
  });

  return {
    all,
    unread: all.filter(({ at }) => at > readAt).length,
    read: () => setReadAt(Date.now()),
    clear: () => setAll([]),
  };
}
