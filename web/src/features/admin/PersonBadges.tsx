import { BanIcon, CircleCheckIcon, CircleMinusIcon, ShieldIcon, TimerIcon } from "lucide-react";

import type { Person } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";

const LOOKS = {
  active: { tone: "good", icon: CircleCheckIcon },
  suspended: { tone: "bad", icon: BanIcon },
  leaving: { tone: "warn", icon: TimerIcon },
  deleted: { tone: "neutral", icon: CircleMinusIcon },
} as const;

/** How somebody stands: what may be done, and whether they may come in. */
export function PersonBadges({ person, withRole = true }: { person: Person; withRole?: boolean }) {
  const { t } = useI18n();
  const status = person.status === "deleted" && person.leaves_at !== null ? "leaving" : person.status;
  const { tone, icon: Icon } = LOOKS[status];
  return (
    <>
      <Badge tone={tone}>
        <Icon size={14} />
        {t(`admin.status.${status}`)}
      </Badge>
      {withRole && person.role === "admin" && <RoleBadge />}
    </>
  );
}

export function RoleBadge() {
  const { t } = useI18n();
  return (
    <Badge tone="accent">
      <ShieldIcon size={14} />
      {t("admin.role.admin")}
    </Badge>
  );
}
