/** Asks who is there, before something that cannot be left to whoever finds the device open. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useForm } from "react-hook-form";

import { proveIdentity } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { problemText } from "@/ui/problemText";

import { meQuery } from "./queries";
import styles from "./ProofDialog.module.css";

type Answer = (proved: boolean) => void;

/** `onEnd`: whether it was proven. */
export function ProofDialog({ onEnd }: { onEnd: Answer }) {
  const { t } = useI18n();
  const { data } = useQuery(meQuery);
  const withPassword = data?.has_password ?? true;
  return (
    <Dialog
      label={t("proof.title")}
      headed
      text={t(withPassword ? "proof.text" : "proof.no_password")}
      onClose={() => onEnd(false)}
    >
      {withPassword ? (
        <PasswordForm onEnd={onEnd} />
      ) : (
        <DialogActions>
          <Button onClick={() => onEnd(false)}>{t("action.close")}</Button>
        </DialogActions>
      )}
    </Dialog>
  );
}

function PasswordForm({ onEnd }: { onEnd: Answer }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { register, handleSubmit, setError, formState } = useForm({ defaultValues: { password: "" } });
  const { mutate, isPending } = useMutation({
    mutationFn: (body: { password: string }) => proveIdentity({ body }),
    onSuccess: () => onEnd(true),
    onError: (error) => {
      const problem = asProblem(error);
      const wrong = problem.code === "invalid_credentials";
      setError("password", { message: wrong ? t("proof.wrong") : problemText(i18n, problem) });
    },
  });
  return (
    <form
      className={styles.form}
      aria-label={t("proof.title")}
      onSubmit={(event) => {
        // What is asked may have come from a form, which this dialog is inside of for React.
        event.stopPropagation();
        void handleSubmit((entries) => !isPending && mutate(entries))(event);
      }}
    >
      <TextField
        {...register("password")}
        label={t("proof.password")}
        type="password"
        autoComplete="current-password"
        required
        error={formState.errors.password?.message}
      />
      <DialogActions>
        <Button look="quiet" onClick={() => onEnd(false)}>
          {t("action.cancel")}
        </Button>
        <Button type="submit" look="primary" busy={isPending}>
          {t("proof.confirm")}
        </Button>
      </DialogActions>
    </form>
  );
}
