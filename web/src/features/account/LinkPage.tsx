/** Where the one-time link leads. Its token is in the fragment, which no server and no log ever sees. */
import { Link, Navigate } from "react-router";

import { signInOnce } from "@/api/generated";
import { signIn, startSession } from "@/api/session";
import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";

import { Outcome } from "./Outcome";
import { useAtOnce } from "./useAtOnce";

export function LinkPage() {
  const { t } = useI18n();
  const session = useSession();
  const { error, isIdle, isPending } = useAtOnce(
    async (token) => {
      signIn(await signInOnce({ body: { token } }));
    },
    // A link opened a second time is used up; whoever is signed in by it just goes on.
    () => startSession(),
  );

  if (!isIdle && !isPending && session.status === "signed-in") return <Navigate to="/create" replace />;
  if (!error) return <Outcome title={t("auth.link_title")} working={t("auth.link_working")} />;
  return (
    <Outcome title={t("auth.link_failed")} error={error} text={t("auth.link_failed_text")}>
      <Link to="/sign-in" className={buttonClass("primary", { wide: true })}>
        {t("auth.other_way")}
      </Link>
    </Outcome>
  );
}
