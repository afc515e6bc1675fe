/** The frame of every page of somebody who is signed in. */
import { CoinsIcon, LayoutGridIcon, PencilIcon } from "lucide-react";
import { NavLink, Outlet } from "react-router";

import type { User } from "@/api/types";
import { AccountMenu } from "@/features/account/AccountMenu";
import { BalanceLink } from "@/features/billing/BalanceLink";
import { useBillingEvents } from "@/features/billing/useBillingEvents";
import { useQueueEvents } from "@/features/queue/useQueueEvents";
import { useI18n } from "@/i18n/useI18n";
import { useRealtime } from "@/realtime/hooks";
import { Brand } from "@/ui/Brand";

import styles from "./AppLayout.module.css";

export function AppLayout({ user }: { user: User }) {
  const { t } = useI18n();
  useRealtime();
  useQueueEvents();
  useBillingEvents();
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
        <Outlet />
      </main>
    </div>
  );
}
