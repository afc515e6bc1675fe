/** Where the one-time link leads. Its token is in the fragment, which no server and no log ever sees. */
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, Navigate } from "react-router";

import { signInOnce } from "@/api/generated";
import { signIn, startSession } from "@/api/session";
import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { Failed, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { AuthFrame } from "./AuthFrame";
import styles from "./AuthPages.module.css";
import { takeLinkToken } from "./linkToken";

export function LinkPage() {
  const { t } = useI18n();
  const session = useSession();
  useTitle(t("auth.link_title"));
  const { mutate, error, isIdle, isPending } = useMutation({
    mutationFn: async (token: string) => {
      signIn(await signInOnce({ body: { token } }));
    },
    // A link opened a second time is used up; whoever is signed in by it just goes on.
    onError: () => startSession(),
  });

  useEffect(() => {
    const token = takeLinkToken();
    if (token !== null) mutate(token);
  }, [mutate]);

  if (!isIdle && !isPending && session.status === "signed-in") return <Navigate to="/create" replace />;
  return (
    <AuthFrame>
      <h1 className={styles.title}>{t("auth.link_title")}</h1>
      {error ? (
        <div className={styles.failed}>
          <Failed error={error} />
          <Link to="/sign-in" className={buttonClass("plain")}>
            {t("auth.other_way")}
          </Link>
        </div>
      ) : (
        <Loading label={t("auth.link_working")} />
      )}
    </AuthFrame>
  );
}
