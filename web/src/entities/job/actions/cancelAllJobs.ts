import { CircleXIcon } from "lucide-react";

import { cancelJobs } from "@/api/generated";
import type { RunAction } from "@/entities/action";
import { userKeys } from "@/entities/user/queries";
import { toast } from "@/ui/toasts";

import { patchJob } from "../cache";
import { jobKeys } from "../queries";

/** How many there are, as far as one can see. */
interface Running {
  count: number;
}

export const cancelAllJobs: RunAction<Running> = {
  label: "job.cancel_all",
  icon: CircleXIcon,
  danger: true,
  offered: ({ count }) => count > 0,
  question: ({ count }, { t }) => ({
    title: t("job.cancel_all_title", { n: count }),
    text: t("job.cancel_all_text"),
    action: t("job.cancel_all"),
  }),
  run: async (_, { client, i18n }) => {
    const { jobs } = await cancelJobs();
    for (const fresh of jobs) patchJob(client, fresh.id, () => fresh);
    toast(i18n.t("job.canceled_all", { n: jobs.length }));
    for (const queryKey of [jobKeys.lists, userKeys.me]) void client.invalidateQueries({ queryKey });
  },
};
