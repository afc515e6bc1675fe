import type { User } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { keyNames } from "@/shortcuts/keyNames";
import { Dialog } from "@/ui/Dialog";
import { Keys } from "@/ui/Keys";

import { allShortcuts } from "./allShortcuts";
import styles from "./ShortcutSheet.module.css";

/** All keys of the page, and what they do. */
export function ShortcutSheet({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Dialog headed forReading label={t("nav.shortcuts")} text={t("keys.none_while_typing")} onClose={onClose}>
      <div className={styles.groups}>
        {allShortcuts(user).map(({ where, shortcuts }) => (
          <section key={where} className={styles.group}>
            <h3>{t(where)}</h3>
            <dl>
              {shortcuts.map(({ label, keys }) => (
                <div key={label} className={styles.line}>
                  <dt>{t(label)}</dt>
                  {keys.map((one) => (
                    <dd key={one}>
                      <Keys always keys={keyNames(one)} />
                    </dd>
                  ))}
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
