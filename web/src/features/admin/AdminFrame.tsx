/** What stands above every page of admins: where else one can go. */
import type { ReactNode } from "react";
import { NavLink, useLocation } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { useOpenTab } from "@/ui/useOpenTab";
import { useTitle } from "@/ui/useTitle";

import styles from "@/ui/TabbedPage.module.css";

const PAGES = [
  "users",
  "reports",
  "subscriptions",
  "plans",
  "codes",
  "revenue",
  "usage",
  "events",
  "announcements",
  "audit",
] as const;

interface AdminFrameProps {
  title: string;
  /** Beside the title. */
  aside?: ReactNode;
  /** A page of its own below the others has a heading of its own. */
  untitled?: boolean;
  children: ReactNode;
}

export function AdminFrame({ title, aside, untitled, children }: AdminFrameProps) {
  const { t } = useI18n();
  const nav = useOpenTab(useLocation().pathname);
  useTitle(title, "inside");
  return (
    <div className={styles.page}>
      <nav ref={nav} className={styles.tabs} aria-label={t("admin.label")}>
        {PAGES.map((name) => (
          <NavLink key={name} to={`/admin/${name}`} className={styles.tab}>
            {t(`admin.${name}`)}
          </NavLink>
        ))}
      </nav>
      {!untitled && (
        <div className={styles.head}>
          <h1>{title}</h1>
          {aside}
        </div>
      )}
      {children}
    </div>
  );
}
