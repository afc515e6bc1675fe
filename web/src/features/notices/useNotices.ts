import { useState } from "react";

import { useEndedJobs } from "@/entities/job/useEndedJobs";
import { useServerEvents } from "@/realtime/hooks";

import { withCredits, withJob, type Notice } from "./notices";

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

  useEndedJobs((job) => {
    if (job.status === "canceled" || (jobsInView && !document.hidden)) return;
    setAll((before) => withJob(before, job, Date.now()));
  });
  useServerEvents<"credits:updated">({
    "credits:updated": ({ reason, change }) => {
      if (TOLD_OF_CREDITS.includes(reason))
        setAll((before) => withCredits(before, reason, change, Date.now()));
    },
  });

  return {
    all,
    unread: all.filter(({ at }) => at > readAt).length,
    read: () => setReadAt(Date.now()),
    clear: () => setAll([]),
  };
}
