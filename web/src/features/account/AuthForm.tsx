/** Signing in and signing up: the same form with one field and one destination more or less. */
import { useMutation } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";

import { answer, door } from "@/api/client";
import { asProblem } from "@/api/problem";
import { signIn } from "@/api/session";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import styles from "./AuthForm.module.css";

interface Entries {
  email: string;
  password: string;
  display_name: string;
}

export function AuthForm({ kind }: { kind: "sign-in" | "sign-up" }) {
  const i18n = useI18n();
  const { t } = i18n;
  const signingUp = kind === "sign-up";
  const [entries, setEntries] = useState<Entries>({ email: "", password: "", display_name: "" });
  const [shown, setShown] = useState(false);

  const send = useMutation({
    mutationFn: ({ email, password, display_name }: Entries) =>
      answer(
        signingUp
          ? door.POST("/api/v1/auth/register", { body: { email, password, display_name } })
          : door.POST("/api/v1/auth/login", { body: { email, password } }),
      ),
    onSuccess: (tokens) => {
      signIn(tokens);
      if ("bonus_withheld" in tokens && tokens.bonus_withheld) toast(t("auth.no_bonus"));
    },
  });
  const problem = send.error ? asProblem(send.error) : null;
  const fieldError = (field: keyof Entries) =>
    field === "email" && problem?.code === "email_exists" ? problemText(i18n, problem) : problem?.for(field);
  const besideField = (["email", "password", "display_name"] as const).some(fieldError);

  const change = (field: keyof Entries) => (event: { target: { value: string } }) =>
    setEntries({ ...entries, [field]: event.target.value });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!send.isPending) send.mutate({ ...entries, email: entries.email.trim() });
  };

  return (
    <form className={styles.form} onSubmit={submit} aria-label={t(`auth.${kind}`)}>
      {signingUp && (
        <TextField
          label={t("auth.display_name")}
          name="display_name"
          autoComplete="nickname"
          required
          maxLength={80}
          value={entries.display_name}
          error={fieldError("display_name")}
          onChange={change("display_name")}
        />
      )}
      <TextField
        label={t("auth.email")}
        type="email"
        name="email"
        autoComplete={signingUp ? "email" : "username"}
        required
        value={entries.email}
        error={fieldError("email")}
        onChange={change("email")}
      />
      <TextField
        label={t("auth.password")}
        type={shown ? "text" : "password"}
        name="password"
        autoComplete={signingUp ? "new-password" : "current-password"}
        required
        hint={signingUp ? t("auth.password_hint") : undefined}
        value={entries.password}
        error={fieldError("password")}
        onChange={change("password")}
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
      {problem && !besideField && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, problem)}
        </p>
      )}
      <Button type="submit" look="primary" wide busy={send.isPending}>
        {t(`auth.${kind}`)}
      </Button>
    </form>
  );
}
