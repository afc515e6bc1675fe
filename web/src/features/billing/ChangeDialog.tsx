/** Before another plan is taken: what that changes, to the credit and the day. */
import type { Plan, PlanOption } from "@/api/billingContract";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { changePlan } from "./actions";
import styles from "./Dialogs.module.css";
import { changeText, priceText } from "./planText";

interface ChangeDialogProps {
  plan: Plan;
  option: PlanOption;
  /** The plan that is held, by the name that is shown. */
  current: string;
  onClose: () => void;
}

export function ChangeDialog({ plan, option, current, onClose }: ChangeDialogProps) {
  const i18n = useI18n();
  const { t, date } = i18n;
  const { action, starts_at } = option;
  const name = plan.display_name;
  const changing = useAction(changePlan, {
    beside: true,
    onDone: () => {
      const said =
        starts_at === null
          ? t("billing.changed", { name })
          : t("billing.changes_on", { name, date: date(starts_at) });
      toast(said, "good");
      onClose();
    },
  });
  const price = priceText(plan, option.billing_cycle, i18n);
  return (
    <Dialog
      label={t("billing.change_title", { name })}
      headed
      text={changeText(option, current, i18n)}
      onClose={onClose}
    >
      {price !== null && <p className={styles.price}>{t("billing.price_then", { price })}</p>}
      {action === "upgrade" && <p className={styles.soft}>{t("billing.credits_follow")}</p>}
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
          {t(action === "downgrade" ? "billing.choose.downgrade" : "billing.choose.upgrade", { name })}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
