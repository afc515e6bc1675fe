/** Says whose something sold is, where nobody but an admin knows. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { assignBillingEvent } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { BillingEvent } from "@/api/types";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { PersonField } from "../PersonField";
import styles from "./Money.module.css";
import { rereadAfterMoney } from "./queries";

export function AssignDialog({ event, onClose }: { event: BillingEvent; onClose: () => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useQueryClient();
  const [person, setPerson] = useState<string | null>(null);
  const { mutate, isPending, error } = useSingleMutation({
    mutationFn: (userId: string) =>
      assignBillingEvent({ path: { event_id: event.id }, body: { user_id: userId } }),
    onSuccess: async () => {
      await rereadAfterMoney(client);
      toast(t("admin.assigned"), "good");
      onClose();
    },
  });
  return (
    <Dialog label={t("admin.assign_title")} headed text={t("admin.assign_text")} onClose={onClose}>
      <div className={styles.form}>
        <PersonField label={t("admin.person")} value={person} onChange={setPerson} />
        {error && (
          <p className={styles.problem} role="alert">
            {problemText(i18n, asProblem(error))}
          </p>
        )}
        <DialogActions>
          <Button look="quiet" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button
            look="primary"
            disabled={person === null}
            busy={isPending}
            onClick={() => person !== null && mutate(person)}
          >
            {t("admin.assign")}
          </Button>
        </DialogActions>
      </div>
    </Dialog>
  );
}
