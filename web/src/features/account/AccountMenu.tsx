import { useMutation } from "@tanstack/react-query";

import { logout } from "@/api/generated";
import { signOut } from "@/api/session";
import type { User } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { DownIcon, PersonIcon } from "@/ui/icons";
import { Menu } from "@/ui/Menu";

import styles from "./AccountMenu.module.css";
import { LanguageSwitch } from "./LanguageSwitch";

export function AccountMenu({ user }: { user: User }) {
  const { t } = useI18n();
  const leave = useMutation({
    // Whatever the server says, this browser forgets.
    mutationFn: () => logout().catch(() => null),
    onSettled: signOut,
  });
  return (
    <Menu
      label={t("account.menu")}
      button={
        <>
          <PersonIcon />
          <span className={styles.name}>{user.display_name}</span>
          <DownIcon size={14} />
        </>
      }
    >
      {() => (
        <div className={styles.panel}>
          <div className={styles.who}>
            <strong>{user.display_name}</strong>
            <span>{user.email}</span>
          </div>
          <LanguageSwitch />
          <Button look="quiet" wide busy={leave.isPending} onClick={() => leave.mutate()}>
            {t("account.sign_out")}
          </Button>
        </div>
      )}
    </Menu>
  );
}
