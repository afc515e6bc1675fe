/** How dear an announcement is: by sign, colour and word. */
import { InfoIcon, OctagonAlertIcon, TriangleAlertIcon } from "lucide-react";
import type { ReactNode } from "react";

import type { Announcement } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";

import styles from "./Announcements.module.css";

type Level = Announcement["level"];

export const LEVELS = ["info", "warning", "critical"] as const;

const LOOKS = {
  info: { tone: "info", icon: InfoIcon },
  warning: { tone: "warn", icon: TriangleAlertIcon },
  critical: { tone: "bad", icon: OctagonAlertIcon },
} as const;

export function LevelBadge({ level }: { level: Level }) {
  const { t } = useI18n();
  const { tone, icon: Icon } = LOOKS[level];
  return (
    <Badge tone={tone}>
      <Icon size={14} />
      {t(`announcement.${level}`)}
    </Badge>
  );
}

interface AnnouncementLineProps {
  level: Level;
  text: string;
  /** At the end of the line. */
  children?: ReactNode;
}

export function AnnouncementLine({ level, text, children }: AnnouncementLineProps) {
  const { t } = useI18n();
  const { icon: Icon } = LOOKS[level];
  return (
    <div className={styles.line} data-level={level}>
      <Icon size={18} className={styles.sign} />
      <p className={styles.text}>
        <strong>{t(`announcement.${level}`)}</strong> {text}
      </p>
      {children}
    </div>
  );
}
