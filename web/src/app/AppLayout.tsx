/** The frame of every page of somebody who is signed in. */
import { CoinsIcon, LayoutGridIcon, PencilIcon } from "lucide-react";
import { Suspense } from "react";
import { NavLink, Outlet, useLocation } from "react-router";

import type { User } from "@/api/types";
import { useJobEvents } from "@/entities/job/useJobEvents";
import { useUserEvents } from "@/entities/user/useUserEvents";
import { AccountMenu } from "@/features/account/AccountMenu";
import { BalanceLink } from "@/entities/user/BalanceLink";
import { useI18n } from "@/i18n/useI18n";
import { useRealtime } from "@/realtime/hooks";
import { Brand } from "@/ui/Brand";
import { Loading } from "@/ui/States";

import styles from "./AppLayout.module.css";
import { ErrorBoundary } from "./ErrorBoundary";
import { rereadWhatEventsChange } from "./serverEvents";

export function AppLayout({ user }: { user: User }) {
  const { t } = useI18n();
  const { pathname } = useLocation();
  useRealtime(rereadWhatEventsChange);
  useJobEvents();
  useUserEvents();
  return (
    <div className={styles.layout}>
      <a href="#main" className={styles.skip}>
        {t("nav.skip")}
      </a>
      <header className={styles.header}>
        <NavLink to="/create" className={styles.brand} aria-label={t("nav.home")}>
          <Brand short />
        </NavLink>
        <nav className={styles.nav} aria-label={t("nav.label")}>
          <NavLink to="/create">
            <PencilIcon />
            {t("nav.create")}
          </NavLink>
          <NavLink to="/gallery">
            <LayoutGridIcon />
            {t("nav.gallery")}
          </NavLink>
          <NavLink to="/credits" className={styles.onlySmall}>
            <CoinsIcon />
            {t("nav.credits")}
          </NavLink>
        </nav>
        <div className={styles.right}>
          <BalanceLink />
          <AccountMenu user={user} />
        </div>
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        {/* A page that breaks, or is on its way, leaves the rest of the frame where it is. */}
        <ErrorBoundary key={pathname}>
          <Suspense fallback={<Loading label={t("app.opening_page")} />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </main>
    </div>
  );
}
