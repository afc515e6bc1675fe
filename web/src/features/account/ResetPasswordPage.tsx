/** Where the link leads by which a new password is set. */
import { useEffect, useState } from "react";
import { Link } from "react-router";

import { resetPassword } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { signOut } from "@/api/session";
import { PasswordField } from "@/entities/user/PasswordField";
import { passwordText } from "@/entities/user/passwordText";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button, buttonClass } from "@/ui/Button";

import styles from "./AuthForm.module.css";
import { forgetLinkToken, keepLinkToken, linkToken } from "./linkToken";
import { Outcome } from "./Outcome";

export function ResetPasswordPage() {
  const i18n = useI18n();
  const { t } = i18n;
  const [password, setPassword] = useState("");
  useEffect(keepLinkToken, []);
  const setting = useSingleMutation({
    mutationFn: () => resetPassword({ body: { token: linkToken(), password } }),
    // All devices are signed out, this one too.
    onSuccess: () => {
      forgetLinkToken();
      signOut();
    },
  });

  if (setting.isSuccess) {
    return (
      <Outcome title={t("auth.reset_done")} text={t("auth.reset_done_text")}>
        <Link to="/sign-in" className={buttonClass("primary", { wide: true })}>
          {t("auth.sign-in")}
        </Link>
      </Outcome>
    );
  }
  const problem = setting.error && asProblem(setting.error);
  const field = problem && passwordText(i18n, problem);
  if (problem?.status === 401) {
    return (
      <Outcome title={t("auth.reset_failed")} error={problem} text={t("auth.reset_failed_text")}>
        <Link to="/forgot-password" className={buttonClass("primary", { wide: true })}>
          {t("auth.forgot_again")}
        </Link>
      </Outcome>
    );
  }
  return (
    <Outcome title={t("auth.reset_title")} text={t("auth.reset_text")} error={field ? null : problem}>
      <form
        className={styles.form}
        aria-label={t("auth.reset_title")}
        onSubmit={(event) => {
          event.preventDefault();
          setting.mutate();
        }}
      >
        <PasswordField
          label={t("auth.new_password")}
          autoComplete="new-password"
          required
          hint={t("auth.password_hint")}
          value={password}
          error={field ?? undefined}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" look="primary" wide busy={setting.isPending}>
          {t("auth.reset_save")}
        </Button>
      </form>
    </Outcome>
  );
}
