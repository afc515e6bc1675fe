/** Signing in and signing up. */
import { useState } from "react";
import { Link, useSearchParams } from "react-router";

import { Problem } from "@/api/problem";
import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";
import { useTitle } from "@/ui/useTitle";

import { AuthForm } from "./AuthForm";
import { AuthFrame } from "./AuthFrame";
import styles from "./AuthPages.module.css";
import { OtherWays } from "./OtherWays";
import { SecondFactorForm } from "./SecondFactorForm";
import { Suspended } from "./Suspended";

export function SignInPage() {
  const i18n = useI18n();
  const { t } = i18n;
  const [query] = useSearchParams();
  const session = useSession();
  const [more, setMore] = useState<Problem | null>(null);
  const code = query.get("problem");
  const ended = session.status === "signed-out" ? session.problem : undefined;
  const told = code === null ? ended : new Problem({ code, status: 400 });
  const suspended = [more, ended, told].find((problem) => problem?.code === "account_suspended");
  const challenge = more?.words.challenge;
  useTitle(t(challenge === undefined ? "auth.sign-in" : "auth.code_title"));

  if (challenge !== undefined) {
    return (
      <AuthFrame>
        <SecondFactorForm challenge={challenge} onStartAgain={() => setMore(null)} />
      </AuthFrame>
    );
  }
  if (suspended) {
    return (
      <AuthFrame>
        <Suspended reason={suspended.words.reason} />
      </AuthFrame>
    );
  }
  return (
    <AuthFrame>
      <h1 className={styles.title}>{t("auth.welcome_back")}</h1>
      {told && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, told)}
        </p>
      )}
      <AuthForm key="sign-in" kind="sign-in" onMore={setMore}>
        <Link to="/forgot-password" className={styles.link}>
          {t("auth.forgot")}
        </Link>
      </AuthForm>
      <OtherWays next={query.get("next")} onMore={setMore} />
      <p className={styles.other}>
        {t("auth.no_account")} <Link to={`/sign-up${nextOnly(query)}`}>{t("auth.sign-up")}</Link>
      </p>
    </AuthFrame>
  );
}

export function SignUpPage() {
  const { t } = useI18n();
  const [query] = useSearchParams();
  useTitle(t("auth.sign-up"));
  return (
    <AuthFrame>
      <h1 className={styles.title}>{t("auth.make_account")}</h1>
      <AuthForm key="sign-up" kind="sign-up" />
      <OtherWays next={query.get("next")} signingUp />
      <p className={styles.other}>
        {t("auth.have_account")} <Link to={`/sign-in${nextOnly(query)}`}>{t("auth.sign-in")}</Link>
      </p>
    </AuthFrame>
  );
}

/** Where somebody wanted to go comes along; what went wrong before does not. */
function nextOnly(query: URLSearchParams): string {
  const next = query.get("next");
  return next === null ? "" : `?next=${encodeURIComponent(next)}`;
}
