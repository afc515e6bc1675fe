/** Before another plan is taken: what that changes, to the credit and the day. */
import type { Plan, PlanOption, Subscription } from "@/api/types";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { changePlan } from "./actions";
import styles from "./Dialogs.module.css";
import { changeText, dueText, isStaying, priceText } from "./planText";

interface ChangeDialogProps {
  plan: Plan;
  option: PlanOption;
  held: Subscription | undefined;
  onClose: () => void;
}

export function ChangeDialog({ plan, option, held, onClose }: ChangeDialogProps) {
  const i18n = useI18n();
  const { t, date } = i18n;
  const { starts_at } = option;
  const isStay = isStaying(option, held);
  const name = plan.display_name;
  const choice = option.action === "upgrade" ? "billing.choose.upgrade" : "billing.choose.downgrade";
  const changing = useAction(changePlan, {
    beside: true,
    onDone: () => {
      const isLater = starts_at !== null && !isStay;
      const said = isLater
        ? t("billing.changes_on", { name, date: date(starts_at) })
        : t("billing.changed", { name });
      toast(said, "good");
      onClose();
    },
  });
  const due = dueText(option, held, i18n);
  const price = priceText(plan, option.billing_cycle, i18n);
  return (
    <Dialog
      label={t(isStay ? "billing.stay_title" : "billing.change_title", { name })}
      headed
      text={changeText(plan, option, held, i18n)}
      onClose={onClose}
    >
      {due !== null && <p className={styles.due}>{due}</p>}
      {price !== null && <p className={styles.price}>{t("billing.price_then", { price })}</p>}
      {option.credits_now > 0 && <p className={styles.soft}>{t("billing.credits_follow")}</p>}
      {changing.problem && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, changing.problem)}
        </p>
      )}
      <DialogActions>
        <Button look="quiet" onClick={onClose}>
          {t("action.cancel")}
        </Button>
        <Button look="primary" busy={changing.busy} onClick={() => changing.run(option)}>
          {t(isStay ? "billing.choose.stay" : choice, { name })}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
