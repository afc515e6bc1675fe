import { ImageOffIcon } from "lucide-react";

import { reportMissing as callReport } from "@/api/generated";
import type { Job } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { userKeys } from "@/entities/user/queries";
import { toast } from "@/ui/toasts";

import { patchJob } from "../cache";
import { jobKeys } from "../queries";

/** What was paid for and cannot be seen is paid back: the studio looks for itself. */
export const reportMissing: RunAction<Pick<Job, "id">> = {
  label: "job.report_missing",
  icon: ImageOffIcon,
  run: async ({ id }, { client, i18n }) => {
    const fresh = await callReport({ path: { job_id: id } });
    patchJob(client, id, () => fresh);
    toast(i18n.t("job.paid_back", { n: fresh.receipt?.returned ?? 0 }), "good");
    for (const queryKey of [jobKeys.lists, userKeys.me, userKeys.ledger])
      void client.invalidateQueries({ queryKey });
  },
};
