/** One's account: its pages, and the way between them. */
import { Suspense, useEffect, useRef } from "react";
import { NavLink, useLocation } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { Skeleton } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import styles from "./AccountPage.module.css";
import { ACCOUNT_SECTIONS } from "./accountPages";
import { NotFoundPage } from "./NotFoundPage";

export function AccountPage() {
  const { t } = useI18n();
  const { pathname } = useLocation();
  const nav = useRef<HTMLElement>(null);
  // On a phone they stand in one line, which begins at the one that is open.
  useEffect(() => {
    const open = nav.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (nav.current && open) nav.current.scrollLeft = open.offsetLeft - nav.current.clientWidth / 3;
  }, [pathname]);
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
