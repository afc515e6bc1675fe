/** Keeps the jobs in the query cache in step with the socket, and tells the rest of the page when one ends. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useLocation } from "react-router";

import type { Job } from "@/api/types";
import { imageKeys } from "@/entities/image/queries";
import { usePreferences } from "@/entities/user/preferences";
import { userKeys } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import type { ServerEventName } from "@/realtime/events";
import { useConnected, useServerEvents } from "@/realtime/hooks";
import { toast } from "@/ui/toasts";

import { patchJob } from "./cache";
import { isOver, moved } from "./progress";
import { jobKeys, jobsQuery } from "./queries";

/** Events are hints: while something runs the list is read again at this pace, faster without a socket. */
const POLL_MS = { connected: 10_000, alone: 3_000 };

/** What a job that runs does not have any more. */
const STARTED = { position: null, eta_seconds: null, waiting_for: null };

/** Rooms of the page where a finished picture is seen without being announced. */
const SEEN_AT = "/create";

export type JobEvent = Extract<ServerEventName, `job:${string}` | `queue:${string}`>;

export function useJobEvents(): void {
  const client = useQueryClient();
  const { t } = useI18n();
  const connected = useConnected();
  const { pathname } = useLocation();

  const { data } = useInfiniteQuery({
    ...jobsQuery,
    refetchInterval: (query) => {
      const active = query.state.data?.pages.some((page) => page.items.some((job) => !isOver(job)));
      return active ? (connected ? POLL_MS.connected : POLL_MS.alone) : false;
    },
  });

  const told = usePreferences()?.notices;
  const rereadJobs = useSoon(() => void client.invalidateQueries({ queryKey: jobKeys.lists }));
  const patch = (id: string, change: (job: Job) => Job) => {
    const live = (job: Job) => (isOver(job) ? job : change(job));
    if (!patchJob(client, id, live)) rereadJobs();
  };
  /** The receipt comes with the job itself, which is read again. */
  const ended = (id: string, change: (job: Job) => Job) => {
    patch(id, change);
    rereadJobs();
  };

  useServerEvents<JobEvent>({
    "job:pending": ({ job_id }) => patch(job_id, (job) => ({ ...job, status: "pending" })),
    "job:queued": ({ job_id, position, eta_seconds }) => {
      patch(job_id, (job) => ({
        ...job,
        status: "queued",
        position: position === undefined ? job.position : position,
        eta_seconds: eta_seconds === undefined ? job.eta_seconds : eta_seconds,
        waiting_for: "worker",
        progress: null,
      }));
      // Without a place in the event, the list knows it.
      if (position === undefined) rereadJobs();
    },
    // Of all that wait, also of what is not listed: no reason to read the list again.
    "queue:position": ({ job_id, ...wait }) => void patchJob(client, job_id, (job) => moved(job, wait)),
    "job:started": ({ job_id, worker_id }) =>
      patch(job_id, (job) => ({
        ...job,
        status: "processing",
        worker_id,
        ...STARTED,
        progress: null,
      })),
    "job:progress": ({ job_id, ...progress }) =>
      patch(job_id, (job) => ({
        ...job,
        status: "processing",
        ...STARTED,
        progress: {
          step: progress.step,
          total_steps: progress.total_steps,
          percent: progress.percent,
          step_name: progress.step_name,
          eta_seconds: progress.eta_seconds,
          // Not every step brings a preview; the last one stays.
          preview_url: progress.preview_url ?? job.progress?.preview_url ?? null,
        },
      })),
    "job:completed": ({ job_id, image, actual_credits }) => {
      const made = { ...image, api_key: image.api_key ?? null };
      ended(job_id, (job) => ({ ...job, status: "completed", image: made, actual_credits }));
      if (pathname !== SEEN_AT && told?.job_completed !== false) toast(t("job.finished_elsewhere"), "good");
    },
    "job:failed": ({ job_id, code, message }) => {
      ended(job_id, (job) => ({ ...job, status: "failed", error: { code, message } }));
      if (pathname !== SEEN_AT && told?.job_failed !== false) toast(t("job.failed_elsewhere"), "bad");
    },
    "job:canceled": ({ job_id }) => ended(job_id, (job) => ({ ...job, status: "canceled" })),
  });

  // However it became known that a job ended, by event or by poll, these have changed with it.
  const over = data?.pages.flatMap((page) => page.items.filter(isOver).map((job) => job.id)) ?? null;
  const known = useRef<Set<string> | null>(null);
  const marks = over?.join();
  useEffect(() => {
    if (!over) return;
    const before = known.current;
    known.current = new Set(over);
    if (!before || over.every((id) => before.has(id))) return;
    for (const queryKey of [userKeys.me, imageKeys.images, imageKeys.dates, userKeys.ledger])
      void client.invalidateQueries({ queryKey });
    // `marks` stands for `over`, which is a new array each time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [marks, client]);
}

/** Calls at most once in a moment, however often it is asked to: events come in bursts. */
function useSoon(work: () => void): () => void {
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return () => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(work, 150);
  };
}
