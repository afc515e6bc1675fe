import { SparklesIcon } from "lucide-react";

import type { JobBatch, JobRequest } from "@/api/types";
import type { RunAction } from "@/entities/action";

import { submit } from "../submit";

/** Asks for what the form says. How many pictures that makes stands on the form's own button. */
export const submitJobs: RunAction<JobRequest, JobBatch> = {
  label: "nav.create",
  icon: SparklesIcon,
  once: (request) => JSON.stringify(request),
  run: (request, { client, key }) => submit(client, request, key),
};
