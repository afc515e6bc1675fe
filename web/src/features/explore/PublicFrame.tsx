/** Around what everybody sees: where one is, and the way in. */
import type { ReactNode } from "react";
import { Link, useLocation } from "react-router";

import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { Brand } from "@/ui/Brand";
import { buttonClass } from "@/ui/Button";
import { LanguageSwitch } from "@/ui/LanguageSwitch";
import { Toaster } from "@/ui/Toaster";

import styles from "./PublicFrame.module.css";

export function PublicFrame({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  const { status } = useSession();
  const { pathname, search } = useLocation();
  const isSignedIn = status === "signed-in";
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <Link to="/" className={styles.brand}>
          <Brand />
        </Link>
        <nav className={styles.ways}>
          {pathname !== "/explore" && (
            <Link to="/explore" className={buttonClass("quiet")}>
              {t("explore.to_explore")}
            </Link>
          )}
          <Link
            to={isSignedIn ? "/" : `/sign-in?next=${encodeURIComponent(pathname + search)}`}
            className={buttonClass("plain")}
          >
            {t(isSignedIn ? "explore.to_studio" : "explore.sign_in")}
          </Link>
          <LanguageSwitch />
        </nav>
      </header>
      <main className={styles.main}>{children}</main>
      <Toaster />
    </div>
  );
}
