/** In the place of a finished picture that does not load: a way to say so, and get its credits back. */
import { useQueryClient } from "@tanstack/react-query";
import { ImageOffIcon } from "lucide-react";

import { ActionButton } from "@/entities/ActionControl";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";

import { reportMissing } from "./actions/reportMissing";
import styles from "./LostPicture.module.css";
import { jobKeys } from "./queries";

/** `jobId`: null for a picture that no job has made. */
export function LostPicture({ jobId }: { jobId: string | null }) {
  const i18n = useI18n();
  const client = useQueryClient();
  const { run, busy, problem } = useAction(reportMissing, {
    beside: true,
    // It is there after all: its address may be another one by now.
    onFailed: () => void client.invalidateQueries({ queryKey: jobKeys.lists }),
  });
  return (
    <div className={styles.lost}>
      <ImageOffIcon size={28} />
      <p>{i18n.t("job.does_not_load")}</p>
      {jobId !== null && (
        <ActionButton action={reportMissing} thing={{ id: jobId }} small plain busy={busy} onPress={run} />
      )}
      {problem && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, problem)}
        </p>
      )}
    </div>
  );
}
