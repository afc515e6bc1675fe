/** Signing in and signing up. */
import { Link, useSearchParams } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { useTitle } from "@/ui/useTitle";

import { AuthForm } from "./AuthForm";
import { AuthFrame } from "./AuthFrame";
import styles from "./AuthPages.module.css";

export function SignInPage() {
  const { t } = useI18n();
  const [query] = useSearchParams();
  useTitle(t("auth.sign-in"));
  return (
    <AuthFrame>
      <h1 className={styles.title}>{t("auth.welcome_back")}</h1>
      <AuthForm key="sign-in" kind="sign-in" />
      <p className={styles.other}>
        {t("auth.no_account")} <Link to={`/sign-up?${query.toString()}`}>{t("auth.sign-up")}</Link>
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
      <p className={styles.other}>
        {t("auth.have_account")} <Link to={`/sign-in?${query.toString()}`}>{t("auth.sign-in")}</Link>
      </p>
    </AuthFrame>
  );
}
