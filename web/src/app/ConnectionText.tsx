import { CheckIcon, CloudOffIcon, PlugZapIcon, type LucideIcon } from "lucide-react";

import type { Key } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";
import type { Connection } from "@/realtime/told";

import styles from "./ConnectionText.module.css";

export type Trouble = Exclude<Connection, "fine">;

const ICONS: Record<Trouble, LucideIcon> = {
  offline: CloudOffIcon,
  reconnecting: PlugZapIcon,
  back: CheckIcon,
};

interface ConnectionTextProps {
  connection: Connection;
  said: Partial<Record<Trouble, Key>>;
}

/** It is there always, for those who are read to, and mostly empty. */
export function ConnectionText({ connection, said }: ConnectionTextProps) {
  const { t } = useI18n();
  const words = connection === "fine" ? undefined : said[connection];
  const Icon = connection === "fine" ? CheckIcon : ICONS[connection];
  return (
    <div role="status">
      {words && (
        <p className={styles.line} data-connection={connection}>
          <Icon size={16} />
          {t(words)}
        </p>
      )}
    </div>
  );
}
