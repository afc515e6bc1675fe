import { RefreshCwIcon } from "lucide-react";

import type { Job } from "@/api/types";
import type { LinkAction } from "@/entities/action";

import { isOver } from "../progress";

/** Fills the form with what the job was asked for. */
export const reuseJob: LinkAction<Job> = {
  label: "job.use_again",
  icon: RefreshCwIcon,
  // Enlarging is asked for beside the picture, not in the form.
  offered: (job) => isOver(job) && job.job_type !== "upscale",
  to: ({ id }) => `/create?job=${id}`,
};
