/** Before a plan is canceled: until when it holds, and what is kept. */
import { useQuery } from "@tanstack/react-query";
import { CheckIcon } from "lucide-react";

import type { Subscription } from "@/api/types";
import { offersQuery } from "@/entities/subscription/queries";
import { useAction } from "@/entities/useAction";
import { meQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { cancelPlan } from "./actions";
import styles from "./Dialogs.module.css";
import { keptLines } from "./planText";

interface CancelDialogProps {
  subscription: Subscription;
  onClose: () => void;
}

export function CancelDialog({ subscription, onClose }: CancelDialogProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const { data: offers } = useQuery(offersQuery);
  const { data: me } = useQuery(meQuery);
  const free = offers?.items.find(({ name }) => name === "free");
  const canceling = useAction(cancelPlan, {
    beside: true,
    onDone: () => {
      toast(t("billing.canceled"), "good");
      onClose();
    },
  });
  const lines = keptLines({ subscription, free, usedBytes: me?.storage.used_bytes ?? 0 }, i18n);
  const title = t("billing.cancel_title", { name: subscription.plan.display_name });
  return (
    <Dialog label={title} headed onClose={onClose}>
      <ul className={styles.kept} aria-label={t("billing.what_is_kept")}>
        {lines.map((line) => (
          <li key={line}>
            <CheckIcon size={18} />
            {line}
          </li>
        ))}
      </ul>
      {canceling.problem && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, canceling.problem)}
        </p>
      )}
      <DialogActions>
        <Button look="quiet" onClick={onClose}>
          {t("billing.keep_plan")}
        </Button>
        <Button look="danger" busy={canceling.busy} onClick={() => canceling.run(subscription)}>
          {t(cancelPlan.label)}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
