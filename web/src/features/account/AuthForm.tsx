/** Signing in and signing up: the same form with one field and one destination more or less. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";

import { login, register as signUp } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { signIn } from "@/api/session";
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

export function AuthForm({ kind }: { kind: "sign-in" | "sign-up" }) {
  const i18n = useI18n();
  const { t } = i18n;
  const signingUp = kind === "sign-up";
  const [shown, setShown] = useState(false);
  const { register, handleSubmit, setError, formState } = useForm<Entries>({ defaultValues: EMPTY });
  const { errors } = formState;

  const send = useMutation({
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
      if (problem.code === "email_exists") setError("email", { message: problemText(i18n, problem) });
      else if (!placeErrors(problem, FIELDS, setError))
        setError("root", { message: problemText(i18n, problem) });
    },
  });

  return (
    <form
      className={styles.form}
      onSubmit={handleSubmit((entries) => !send.isPending && send.mutate(entries))}
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
        autoComplete={signingUp ? "email" : "username"}
        required
        error={errors.email?.message}
      />
      <TextField
        {...register("password")}
        label={t("auth.password")}
        type={shown ? "text" : "password"}
        autoComplete={signingUp ? "new-password" : "current-password"}
        required
        hint={signingUp ? t("auth.password_hint") : undefined}
        error={errors.password?.message}
        aside={
          <button
            type="button"
            className={styles.reveal}
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          >
            {t(shown ? "auth.hide_password" : "auth.show_password")}
          </button>
        }
      />
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
