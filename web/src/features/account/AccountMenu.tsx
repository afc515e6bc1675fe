import { ChevronDownIcon, KeyboardIcon, LogOutIcon, UserIcon } from "lucide-react";

import type { User } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Popover } from "@/ui/Popover";
import { ThemeSwitch } from "@/ui/ThemeSwitch";

import styles from "./AccountMenu.module.css";
import { LanguageSwitch } from "./LanguageSwitch";
import { useSignOut } from "./useSignOut";

export function AccountMenu({ user, onShortcuts }: { user: User; onShortcuts: () => void }) {
  const { t } = useI18n();
  const { busy, leave } = useSignOut();
  return (
    <Popover
      label={`${t("account.menu")}: ${user.display_name}`}
      button={
        <>
          <UserIcon />
          <span className={styles.name}>{user.display_name}</span>
          <ChevronDownIcon size={14} />
        </>
      }
    >
      {(close) => (
        <div className={styles.panel}>
          <div className={styles.who}>
            <strong>{user.display_name}</strong>
            <span>{user.email}</span>
          </div>
          <LanguageSwitch />
          <ThemeSwitch />
          <Button
            look="quiet"
            wide
            className={styles.entry}
            onClick={() => {
              close();
              onShortcuts();
            }}
          >
            <KeyboardIcon size={18} />
            {t("nav.shortcuts")}
          </Button>
          <Button look="quiet" wide busy={busy} className={styles.entry} onClick={leave}>
            <LogOutIcon size={18} />
            {t("account.sign_out")}
          </Button>
        </div>
      )}
    </Popover>
  );
}
