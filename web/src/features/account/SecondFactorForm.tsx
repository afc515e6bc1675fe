/** The second step of signing in: a code of the authenticator app, or a recovery code where the app is lost. */
import { useState } from "react";

import { loginWithCode } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { signIn } from "@/api/session";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { problemText } from "@/ui/problemText";

import styles from "./AuthForm.module.css";
import pages from "./AuthPages.module.css";

interface SecondFactorFormProps {
  challenge: string;
  onStartAgain: () => void;
}

export function SecondFactorForm({ challenge, onStartAgain }: SecondFactorFormProps) {
  const i18n = useI18n();
  const { t, duration } = i18n;
  const [lost, setLost] = useState(false);
  const [code, setCode] = useState("");
  const sending = useSingleMutation({
    mutationFn: () => loginWithCode({ body: { challenge_token: challenge, code: code.trim() } }),
    onSuccess: signIn,
  });
  const problem = sending.error && asProblem(sending.error);
  const wrong = problem?.code === "wrong_code";
  const left = problem?.numbers.tries_left;
  if (left === 0 || problem?.code === "challenge_over") {
    return (
      <>
        <h1 className={pages.title}>{t("auth.code_title")}</h1>
        <p className={pages.problem} role="alert">
          {t(left === 0 ? "auth.code_over" : "auth.code_too_late")}
        </p>
        <Button look="primary" wide ref={focus} onClick={onStartAgain}>
          {t("auth.start_again")}
        </Button>
      </>
    );
  }
  const said = problem && problemText(i18n, problem);
  const locked = problem?.words.budget === "second_factor" && problem.retryAfter !== null;
  return (
    <>
      <h1 className={pages.title}>{t("auth.code_title")}</h1>
      <p className={pages.text}>{t(lost ? "auth.recovery_text" : "auth.code_text")}</p>
      <form
        className={styles.form}
        aria-label={t("auth.code_title")}
        onSubmit={(event) => {
          event.preventDefault();
          sending.mutate();
        }}
      >
        <TextField
          key={lost ? "recovery" : "code"}
          label={t(lost ? "auth.recovery_code" : "auth.code")}
          inputMode={lost ? "text" : "numeric"}
          autoComplete={lost ? "off" : "one-time-code"}
          autoCapitalize="none"
          spellCheck={false}
          required
          value={code}
          error={
            wrong ? [said, left && t("auth.code_left", { n: left })].filter(Boolean).join(" ") : undefined
          }
          onChange={(event) => setCode(event.target.value)}
        />
        {problem && !wrong && (
          <p className={styles.problem} role="alert">
            {locked ? t("auth.code_locked", { wait: duration(problem.retryAfter) }) : said}
          </p>
        )}
        <Button type="submit" look="primary" wide busy={sending.isPending}>
          {t("auth.sign-in")}
        </Button>
        <Button
          look="quiet"
          wide
          onClick={() => {
            setLost(!lost);
            setCode("");
            sending.reset();
          }}
        >
          {t(lost ? "auth.use_code" : "auth.use_recovery")}
        </Button>
        <Button look="quiet" wide onClick={onStartAgain}>
          {t("auth.start_again")}
        </Button>
      </form>
    </>
  );
}

/** The form in which somebody was is gone. */
function focus(button: HTMLButtonElement | null): void {
  button?.focus();
}
