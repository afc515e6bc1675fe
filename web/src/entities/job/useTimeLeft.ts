import type { Job } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";

import { isWaiting } from "./progress";
import { startText } from "./statusText";
import { useCountdown } from "./useCountdown";

/** In how long a waiting job starts, or a running one is done, in words; null when nobody can tell. */
export function useTimeLeft(job: Job): string | null {
  const i18n = useI18n();
  const starts = useCountdown(isWaiting(job) ? job.eta_seconds : null);
  const left = job.status === "processing" ? (job.progress?.eta_seconds ?? null) : null;
  return left !== null ? i18n.t("job.eta", { time: i18n.duration(left) }) : startText(starts, i18n);
}
