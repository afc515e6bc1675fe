/** Asks for a link by which a new password can be set. Nobody learns here whether an address has an account. */
import { useState } from "react";
import { Link } from "react-router";

import { forgotPassword } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { problemText } from "@/ui/problemText";

import styles from "./AuthForm.module.css";
import pages from "./AuthPages.module.css";
import { Outcome } from "./Outcome";

export function ForgotPasswordPage() {
  const i18n = useI18n();
  const { t } = i18n;
  const [email, setEmail] = useState("");
  const asking = useSingleMutation({ mutationFn: () => forgotPassword({ body: { email: email.trim() } }) });

  if (asking.isSuccess) {
    return (
      <Outcome title={t("auth.forgot_sent")} text={t("auth.forgot_sent_text", { email: email.trim() })}>
        <Link to="/sign-in" className={pages.link}>
          {t("auth.back_to_sign_in")}
        </Link>
      </Outcome>
    );
  }
  const problem = asking.error && asProblem(asking.error);
  return (
    <Outcome title={t("auth.forgot_title")} text={t("auth.forgot_text")}>
      <form
        className={styles.form}
        aria-label={t("auth.forgot_title")}
        onSubmit={(event) => {
          event.preventDefault();
          asking.mutate();
        }}
      >
        <TextField
          label={t("auth.email")}
          type="email"
          autoComplete="username"
          required
          value={email}
          error={problem ? problemText(i18n, problem) : undefined}
          onChange={(event) => setEmail(event.target.value)}
        />
        <Button type="submit" look="primary" wide busy={asking.isPending}>
          {t("auth.forgot_send")}
        </Button>
        <Link to="/sign-in" className={pages.link}>
          {t("auth.back_to_sign_in")}
        </Link>
      </form>
    </Outcome>
  );
}
