import { useQuery } from "@tanstack/react-query";
import { ChevronDownIcon, CircleUserIcon, KeyboardIcon, LogOutIcon } from "lucide-react";
import { Link } from "react-router";

import type { User } from "@/api/types";
import { Avatar } from "@/entities/user/Avatar";
import { meQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { Button, buttonClass } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { LanguageSwitch } from "@/ui/LanguageSwitch";
import { Popover } from "@/ui/Popover";
import { ThemeSwitch } from "@/ui/ThemeSwitch";

import styles from "./AccountMenu.module.css";
import { useSignOut } from "./useSignOut";

export function AccountMenu({ user, onShortcuts }: { user: User; onShortcuts: () => void }) {
  const { t } = useI18n();
  const { busy, leave } = useSignOut();
  const { data } = useQuery(meQuery);
  const name = data?.user.display_name ?? user.display_name;
  return (
    <Popover
      fixed
      label={`${t("account.menu")}: ${name}`}
      button={
        <>
          <Avatar name={name} url={data?.profile.avatar?.small} />
          <span className={styles.name}>{name}</span>
          <ChevronDownIcon size={14} />
        </>
      }
    >
      {(close) => (
        <div className={styles.panel}>
          <div className={styles.who}>
            <strong>{name}</strong>
            <span>{data?.user.email ?? user.email}</span>
          </div>
          <Link
            to="/account"
            className={cx(buttonClass("quiet", { wide: true }), styles.entry)}
            onClick={close}
          >
            <CircleUserIcon size={18} />
            {t("nav.account")}
          </Link>
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
