import { KeyRoundIcon } from "lucide-react";

import type { KeyOut } from "@/api/generated";
import type { Translator } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";

import { Row } from "./Section";
import styles from "./KeyRow.module.css";

interface KeyRowProps {
  apiKey: KeyOut;
  busy: boolean;
  onChange: () => void;
  onRevoke: () => void;
}

export function KeyRow({ apiKey, busy, onChange, onRevoke }: KeyRowProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const { name, prefix, scopes, revoked_at, expires_at } = apiKey;
  const expired = isOver(expires_at);
  const over = revoked_at !== null || expired;
  return (
    <Row
      icon={<KeyRoundIcon size={20} />}
      faded={over}
      title={
        <>
          {name}
          <code className={styles.prefix}>{prefix}…</code>
          {scopes.map((scope) => (
            <Badge key={scope} tone="info">
              {t(`settings.scope.${scope}`)}
            </Badge>
          ))}
          {revoked_at !== null && <Badge tone="bad">{t("settings.key_is_revoked")}</Badge>}
          {revoked_at === null && expired && <Badge tone="warn">{t("settings.key_is_expired")}</Badge>}
        </>
      }
      facts={factsOf(apiKey, i18n)}
    >
      {!over && (
        <>
          <Button small look="quiet" aria-label={t("settings.change_named", { name })} onClick={onChange}>
            {t("settings.change")}
          </Button>
          <Button small aria-label={t("settings.key_revoke_named", { name })} busy={busy} onClick={onRevoke}>
            {t("settings.key_revoke")}
          </Button>
        </>
      )}
    </Row>
  );
}

function isOver(moment: string | null): boolean {
  return moment !== null && Date.parse(moment) <= Date.now();
}

function factsOf(key: KeyOut, { t, ago, dateTime }: Translator): (string | null)[] {
  const { spent_today, spent_total, daily_cap, total_cap, models, addresses, requests_per_minute } = key;
  const bounds = [
    models && t("settings.key_models_only", { names: models.join(", ") }),
    addresses && t("settings.key_addresses_only", { names: addresses.join(", ") }),
    requests_per_minute !== null && t("settings.key_pace", { n: requests_per_minute }),
    key.expires_at !== null && t("settings.key_expires", { when: dateTime(key.expires_at) }),
  ].filter(Boolean);
  return [
    [
      daily_cap === null
        ? t("settings.key_spent_today", { n: spent_today })
        : t("settings.key_spent_today_of", { n: spent_today, cap: daily_cap }),
      total_cap === null
        ? t("settings.key_spent", { n: spent_total })
        : t("settings.key_spent_of", { n: spent_total, cap: total_cap }),
    ].join(" · "),
    bounds.join(" · ") || null,
    [
      t("settings.made", { when: dateTime(key.created_at) }),
      key.last_used_at
        ? [t("settings.used", { when: ago(key.last_used_at) }), key.last_used_ip].filter(Boolean).join(", ")
        : t("settings.never_used"),
    ].join(" · "),
  ];
}
