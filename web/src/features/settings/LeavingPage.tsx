/** What is left to somebody whose account is deleted and not yet gone: to take it back, or to fetch what is theirs. */
import { useQuery } from "@tanstack/react-query";

import { logout, undoDeleteMe } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { refresh, signOut } from "@/api/session";
import { meQuery } from "@/entities/user/queries";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Brand } from "@/ui/Brand";
import { Button } from "@/ui/Button";
import { LanguageSwitch } from "@/ui/LanguageSwitch";
import { problemText } from "@/ui/problemText";
import { useTitle } from "@/ui/useTitle";

import { ExportSection } from "./ExportSection";
import styles from "./LeavingPage.module.css";
import { ProblemLine, Section } from "./Section";

export function LeavingPage() {
  const i18n = useI18n();
  const { t, dateTime } = i18n;
  const { data } = useQuery(meQuery);
  useTitle(t("settings.leaving_title"));
  const staying = useSingleMutation({
    mutationFn: async () => {
      await undoDeleteMe().catch((error: unknown) => {
        // Taken back elsewhere: that is what is wanted.
        if (asProblem(error).status !== 409) throw error;
      });
      await refresh();
    },
  });
  const leaving = useSingleMutation({
    mutationFn: () => logout().catch(() => null),
    onSettled: () => signOut(),
  });
  const until = data?.leaves_at ? dateTime(data.leaves_at) : null;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <Brand />
        <LanguageSwitch />
      </header>
      <main className={styles.main}>
        <h1>{t("settings.leaving_title")}</h1>
        <p>
          {until ? t("settings.leaving_until", { when: until }) : t("settings.leaving_soon")}{" "}
          {t("settings.leaving_text")}
        </p>
        {staying.error && <ProblemLine>{problemText(i18n, asProblem(staying.error))}</ProblemLine>}
        <div className={styles.actions}>
          <Button look="primary" busy={staying.isPending} onClick={() => staying.mutate()}>
            {t("settings.leaving_undo")}
          </Button>
          <Button look="quiet" busy={leaving.isPending} onClick={() => leaving.mutate()}>
            {t("settings.leaving_sign_out")}
          </Button>
        </div>
        {data && <ExportSection />}
        {!data && <Section title={t("settings.export")} text={t("settings.export_text")} />}
      </main>
    </div>
  );
}
