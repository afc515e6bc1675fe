import { SearchIcon } from "lucide-react";
import { Link } from "react-router";

import type { User } from "@/api/types";
import { BalanceLink } from "@/entities/user/BalanceLink";
import { AccountMenu } from "@/features/account/AccountMenu";
import { NoticePanel } from "@/features/notices/NoticePanel";
import { JobTray } from "@/features/tray/JobTray";
import { useI18n } from "@/i18n/useI18n";
import { keyNames } from "@/shortcuts/keyNames";
import { Brand } from "@/ui/Brand";
import { Keys } from "@/ui/Keys";

import styles from "./AppHeader.module.css";
import type { Opened } from "./opened";
import { HOME } from "./places";
import { SHELL } from "./shellShortcuts";

interface AppHeaderProps {
  user: User;
  /** Whoever sees them end need not be told. */
  jobsInView: boolean;
  opened: Opened;
  onOpen: (opened: Opened) => void;
}

/** What one has and what goes on, on every page. */
export function AppHeader({ user, jobsInView, opened, onOpen }: AppHeaderProps) {
  const { t } = useI18n();
  return (
    <header className={styles.header}>
      <Link to={HOME} className={styles.brand} aria-label={t("nav.home")}>
        <Brand short />
      </Link>
      <button type="button" className={styles.search} onClick={() => onOpen("palette")}>
        <SearchIcon size={18} />
        <span className={styles.words}>{t(SHELL.palette.label)}</span>
        <span className={styles.keys} aria-hidden="true">
          {SHELL.palette.keys.map((keys) => (
            <Keys key={keys} keys={keyNames(keys)} />
          ))}
        </span>
      </button>
      <div className={styles.right}>
        <BalanceLink />
        <JobTray open={opened === "jobs"} onOpenChange={(open) => onOpen(open ? "jobs" : null)} />
        <NoticePanel
          jobsInView={jobsInView}
          open={opened === "notices"}
          onOpenChange={(open) => onOpen(open ? "notices" : null)}
        />
        <AccountMenu user={user} onShortcuts={() => onOpen("shortcuts")} />
      </div>
    </header>
  );
}
