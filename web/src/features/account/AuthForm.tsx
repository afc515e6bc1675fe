/** Signing in and signing up: the same form with one field and one destination more or less. */
import type { ReactNode } from "react";
import { useForm } from "react-hook-form";

import { login, register as signUp } from "@/api/generated";
import { asProblem, type Problem } from "@/api/problem";
import { signIn } from "@/api/session";
import { PasswordField } from "@/entities/user/PasswordField";
import { passwordText } from "@/entities/user/passwordText";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { placeErrors } from "@/ui/placeErrors";
import { problemText } from "@/ui/problemText";

import styles from "./AuthForm.module.css";
import { noteBonusWithheld } from "./bonusWithheld";

interface Entries {
  email: string;
  password: string;
  display_name: string;
}

const EMPTY: Entries = { email: "", password: "", display_name: "" };
const FIELDS = ["email", "password", "display_name"] as const;

interface AuthFormProps {
  kind: "sign-in" | "sign-up";
  /** The password is right, and that is not enough: a code is wanted too, or the account is suspended. */
  onMore?: (problem: Problem) => void;
  /** Below the password. */
  children?: ReactNode;
}

const MORE = ["second_factor_needed", "account_suspended"];

export function AuthForm({ kind, onMore, children }: AuthFormProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const signingUp = kind === "sign-up";
  const { register, handleSubmit, setError, formState } = useForm<Entries>({ defaultValues: EMPTY });
  const { errors } = formState;

  const send = useSingleMutation({
    mutationFn: ({ email, password, display_name }: Entries) => {
      const known = { email: email.trim(), password };
      return signingUp ? signUp({ body: { ...known, display_name } }) : login({ body: known });
    },
    onSuccess: (tokens) => {
      if ("bonus_withheld" in tokens && tokens.bonus_withheld) noteBonusWithheld();
      signIn(tokens);
    },
    onError: (error) => {
      const problem = asProblem(error);
      if (onMore && MORE.includes(problem.code)) {
        onMore(problem);
        return;
      }
      const weak = signingUp ? passwordText(i18n, problem) : undefined;
      if (problem.code === "email_exists") setError("email", { message: problemText(i18n, problem) });
      else if (!placeErrors(i18n, problem, FIELDS, setError))
        setError("root", { message: problemText(i18n, problem) });
      if (weak !== undefined) setError("password", { type: "server", message: weak });
    },
  });

  return (
    <form
      className={styles.form}
      onSubmit={handleSubmit((entries) => send.mutate(entries))}
      aria-label={t(`auth.${kind}`)}
    >
      {signingUp && (
        <TextField
          {...register("display_name")}
          label={t("auth.display_name")}
          autoComplete="nickname"
          required
          maxLength={80}
          error={errors.display_name?.message}
        />
      )}
      <TextField
        {...register("email")}
        label={t("auth.email")}
        type="email"
        autoComplete={signingUp ? "email" : "username webauthn"}
        required
        hint={signingUp ? t("auth.email_hint") : undefined}
        error={errors.email?.message}
      />
      <div className={styles.group}>
        <PasswordField
          {...register("password")}
          label={t("auth.password")}
          autoComplete={signingUp ? "new-password" : "current-password"}
          required
          hint={signingUp ? t("auth.password_hint") : undefined}
          error={errors.password?.message}
        />
        {children}
      </div>
      {errors.root && (
        <p className={styles.problem} role="alert">
          {errors.root.message}
        </p>
      )}
      <Button type="submit" look="primary" wide busy={send.isPending}>
        {t(`auth.${kind}`)}
      </Button>
    </form>
  );
}
