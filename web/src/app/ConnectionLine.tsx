import { CloudOffIcon, PlugZapIcon, CheckIcon, type LucideIcon } from "lucide-react";

import type { Key } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";
import { useConnection, type Connection } from "@/realtime/useConnection";

import styles from "./ConnectionLine.module.css";

const SAID: Record<Exclude<Connection, "fine">, { words: Key; icon: LucideIcon }> = {
  offline: { words: "app.offline", icon: CloudOffIcon },
  reconnecting: { words: "app.reconnecting", icon: PlugZapIcon },
  back: { words: "app.back_online", icon: CheckIcon },
};

/** One line for all that goes wrong with the connection. It is there always, for those who are read to, and mostly empty. */
export function ConnectionLine() {
  const { t } = useI18n();
  const connection = useConnection();
  const said = connection === "fine" ? null : SAID[connection];
  return (
    <div role="status">
      {said && (
        <p className={styles.line} data-connection={connection}>
          <said.icon size={16} />
          {t(said.words)}
        </p>
      )}
    </div>
  );
}
