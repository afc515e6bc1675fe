/** Asks why before something is done to somebody. What goes wrong stands beside what it speaks of. */
import type { ReactNode } from "react";
import { useForm } from "react-hook-form";

import { asProblem, type Problem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { TextArea } from "@/ui/Field";
import { placeErrors } from "@/ui/placeErrors";
import { problemText } from "@/ui/problemText";

import styles from "./ReasonDialog.module.css";

const MAX_REASON = 1000;

interface ReasonDialogProps {
  title: string;
  text: string;
  action: string;
  danger?: boolean;
  /** Where the person reads it. */
  hint: string;
  /** What is asked beside the reason. */
  children?: ReactNode;
  /** Places what the server said of what is asked beside the reason; false: it spoke of none of that. */
  place?: (problem: Problem) => boolean;
  /** Throws what went wrong. */
  onGo: (reason: string) => Promise<void>;
  onClose: () => void;
}

export function ReasonDialog(props: ReasonDialogProps) {
  const { title, text, action, danger, hint, children, place, onGo, onClose } = props;
  const i18n = useI18n();
  const { t } = i18n;
  const { register, handleSubmit, setError, formState } = useForm({ defaultValues: { reason: "" } });
  const { errors, isSubmitting } = formState;

  const send = handleSubmit(async ({ reason }) => {
    try {
      await onGo(reason.trim());
    } catch (error) {
      const problem = asProblem(error);
      const placed = place?.(problem) ?? false;
      if (!placeErrors(i18n, problem, ["reason"], setError) && !placed)
        setError("root", { message: problemText(i18n, problem) });
    }
  });

  return (
    <Dialog label={title} headed text={text} onClose={onClose}>
      <form className={styles.form} aria-label={title} onSubmit={(event) => void send(event)}>
        {children}
        <TextArea
          {...register("reason", {
            validate: (reason) => reason.trim() !== "" || t("admin.reason_missing"),
          })}
          label={t("admin.reason")}
          hint={hint}
          rows={4}
          maxLength={MAX_REASON}
          error={errors.reason?.message}
        />
        {errors.root && (
          <p className={styles.problem} role="alert">
            {errors.root.message}
          </p>
        )}
        <DialogActions>
          <Button look="quiet" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look={danger ? "danger" : "primary"} busy={isSubmitting}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
