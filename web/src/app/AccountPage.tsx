/** One's account: its pages, and the way between them. */
import { Suspense } from "react";
import { NavLink, useLocation } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { Skeleton } from "@/ui/States";
import { useOpenTab } from "@/ui/useOpenTab";
import { useTitle } from "@/ui/useTitle";

import styles from "./AccountPage.module.css";
import { ACCOUNT_SECTIONS } from "./accountPages";
import { NotFoundPage } from "./NotFoundPage";

export function AccountPage() {
  const { t } = useI18n();
  const { pathname } = useLocation();
  const nav = useOpenTab(pathname);
  const section = ACCOUNT_SECTIONS.find(({ path }) => path === pathname.replace(/\/$/, ""));
  if (!section) return <NotFoundPage />;
  return (
    <div className={styles.page}>
      <nav ref={nav} className={styles.sections} aria-label={t("nav.account")}>
        {ACCOUNT_SECTIONS.map(({ path, label, icon: Icon, Page }) => (
          <NavLink key={path} to={path} end className={styles.section} onPointerEnter={Page.preload}>
            <Icon size={18} />
            {t(label)}
          </NavLink>
        ))}
      </nav>
      <Section key={section.path} section={section} />
    </div>
  );
}

function Section({ section: { label, Page } }: { section: (typeof ACCOUNT_SECTIONS)[number] }) {
  const { t } = useI18n();
  useTitle(t(label), "inside");
  return (
    <div className={styles.content}>
      <h1>{t(label)}</h1>
      <Suspense fallback={<Waiting />}>
        <Page />
      </Suspense>
    </div>
  );
}

function Waiting() {
  const { t } = useI18n();
  return (
    <div className={styles.waiting} aria-busy="true">
      <Skeleton label={t("app.opening_page")} shape="block" />
      <Skeleton shape="block" />
    </div>
  );
}
