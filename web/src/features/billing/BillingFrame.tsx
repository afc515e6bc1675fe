/** What stands above every page about plans and credits: where else one can go, and that no real money is paid where that is so. */
import type { ReactNode } from "react";
import { NavLink, useLocation } from "react-router";

import { SandboxLine } from "@/entities/subscription/SandboxLine";
import { useI18n } from "@/i18n/useI18n";
import { useOpenTab } from "@/ui/useOpenTab";
import { useTitle } from "@/ui/useTitle";

import styles from "@/ui/TabbedPage.module.css";

const PAGES = [
  { path: "/credits", label: "billing.title" },
  { path: "/credits/plans", label: "billing.plans" },
  { path: "/credits/usage", label: "billing.usage" },
] as const;

interface BillingFrameProps {
  title: string;
  /** Beside the title. */
  aside?: ReactNode;
  children: ReactNode;
}

export function BillingFrame({ title, aside, children }: BillingFrameProps) {
  const { t } = useI18n();
  const nav = useOpenTab(useLocation().pathname);
  useTitle(title, "inside");
  return (
    <div className={styles.page}>
      <nav ref={nav} className={styles.tabs} aria-label={t("billing.pages")}>
        {PAGES.map(({ path, label }) => (
          <NavLink key={path} to={path} end className={styles.tab}>
            {t(label)}
          </NavLink>
        ))}
      </nav>
      <div className={styles.head}>
        <h1>{title}</h1>
        {aside}
      </div>
      <SandboxLine />
      {children}
    </div>
  );
}
