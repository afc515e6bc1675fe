import { XIcon } from "lucide-react";

import { cancelJob as callCancel } from "@/api/generated";
import type { Job } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { userKeys } from "@/entities/user/queries";

import { patchJob } from "../cache";
import { isOver } from "../progress";

export const cancelJob: RunAction<Job> = {
  label: "action.cancel",
  icon: XIcon,
  danger: true,
  offered: (job) => !isOver(job),
  run: async ({ id }, { client }) => {
    const fresh = await callCancel({ path: { job_id: id } });
    patchJob(client, id, () => fresh);
    void client.invalidateQueries({ queryKey: userKeys.me });
  },
};
