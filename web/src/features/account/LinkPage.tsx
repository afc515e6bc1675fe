/** Where the one-time link leads. Its token is in the fragment, which no server and no log ever sees. */
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, Navigate } from "react-router";

import { signInOnce } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { signIn, startSession } from "@/api/session";
import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { problemText } from "@/ui/problemText";
import { Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { AuthFrame } from "./AuthFrame";
import styles from "./AuthPages.module.css";
import { takeLinkToken } from "./linkToken";

export function LinkPage() {
  const i18n = useI18n();
  const { t } = i18n;
  const session = useSession();

  const { mutate, error, isIdle, isPending } = useMutation({
    mutationFn: async (token: string) => {
      signIn(await signInOnce({ body: { token } }));
    },
    // A link opened a second time is used up; whoever is signed in by it just goes on.
    onError: () => startSession(),
  });

  useTitle(t(error ? "auth.link_failed" : "auth.link_title"));

  useEffect(() => {
    const token = takeLinkToken();
    if (token !== null) mutate(token);
  }, [mutate]);

  if (!isIdle && !isPending && session.status === "signed-in") return <Navigate to="/create" replace />;
  if (error) {
    return (
      <AuthFrame>
        <h1 className={styles.title}>{t("auth.link_failed")}</h1>
        <p className={styles.problem} role="alert">
          {problemText(i18n, asProblem(error))}
        </p>
        <p className={styles.other}>{t("auth.link_failed_text")}</p>
        <p className={styles.onward}>
          <Link to="/sign-in" className={buttonClass("primary", { wide: true })}>
            {t("auth.other_way")}
          </Link>
        </p>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame>
      <h1 className={styles.title}>{t("auth.link_title")}</h1>
      <Loading label={t("auth.link_working")} />
    </AuthFrame>
  );
}
