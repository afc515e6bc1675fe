import type { ReactNode } from "react";

import { useI18n } from "@/i18n/useI18n";
import { Brand } from "@/ui/Brand";
import { Horizon } from "@/ui/Horizon";
import { LanguageSwitch } from "@/ui/LanguageSwitch";

import styles from "./AuthFrame.module.css";

/** The page of somebody who is not signed in: what this is on one side, the way in on the other. */
export function AuthFrame({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  return (
    <div className={styles.page}>
      <div className={styles.art}>
        <Horizon />
        <p className={styles.claim}>{t("auth.claim")}</p>
      </div>
      <main className={styles.side}>
        <header className={styles.head}>
          <Brand />
          <LanguageSwitch />
        </header>
        <div className={styles.card}>{children}</div>
      </main>
    </div>
  );
}
