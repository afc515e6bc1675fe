import { useMutation } from "@tanstack/react-query";
import { ChevronDownIcon, UserIcon } from "lucide-react";

import { logout } from "@/api/generated";
import { signOut } from "@/api/session";
import type { User } from "@/api/types";
import { settleDeletions } from "@/entities/image/deletions";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Popover } from "@/ui/Popover";
import { ThemeSwitch } from "@/ui/ThemeSwitch";

import styles from "./AccountMenu.module.css";
import { LanguageSwitch } from "./LanguageSwitch";

export function AccountMenu({ user }: { user: User }) {
  const { t } = useI18n();
  const leave = useMutation({
    // Whatever the server says, this browser forgets.
    mutationFn: async () => {
      await settleDeletions();
      await logout().catch(() => null);
    },
    onSettled: signOut,
  });
  return (
    <Popover
      label={t("account.menu")}
      button={
        <>
          <UserIcon />
          <span className={styles.name}>{user.display_name}</span>
          <ChevronDownIcon size={14} />
        </>
      }
    >
      <div className={styles.panel}>
        <div className={styles.who}>
          <strong>{user.display_name}</strong>
          <span>{user.email}</span>
        </div>
        <LanguageSwitch />
        <ThemeSwitch />
        <Button look="quiet" wide busy={leave.isPending} onClick={() => leave.mutate()}>
          {t("account.sign_out")}
        </Button>
      </div>
    </Popover>
  );
}
