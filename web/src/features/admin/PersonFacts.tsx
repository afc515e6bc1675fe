import type { ReactNode } from "react";

import type { PersonDetails } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Meter } from "@/ui/Progress";

import styles from "./PersonPage.module.css";

export function PersonFacts({ person }: { person: PersonDetails }) {
  const { t, number, bytes, dateTime, ago } = useI18n();
  const { used_bytes, quota_bytes, email_verified_at, last_used_at, providers, handle } = person;
  return (
    <div className={styles.facts}>
      <Group title={t("admin.account")}>
        <Fact name={t("admin.address")}>
          {email_verified_at === null
            ? t("admin.not_verified")
            : t("admin.verified", { when: dateTime(email_verified_at) })}
        </Fact>
        <Fact name={t("admin.handle")}>{handle === null ? t("admin.none") : `@${handle}`}</Fact>
        <Fact name={t("admin.joined")}>{dateTime(person.created_at)}</Fact>
        <Fact name={t("admin.last_seen")}>
          {last_used_at === null ? t("admin.never") : ago(last_used_at)}
        </Fact>
        <Fact name={t("admin.id")}>
          <code className={styles.id}>{person.id}</code>
        </Fact>
      </Group>
      <Group
        title={t("admin.holds")}
        below={
          <Meter
            label={t("admin.storage")}
            value={used_bytes}
            max={quota_bytes}
            text={t("admin.storage_of", { used: bytes(used_bytes), quota: bytes(quota_bytes) })}
          />
        }
      >
        <Fact name={t("admin.plan")}>{person.plan}</Fact>
        <Fact name={t("admin.credits")}>{number(person.credits)}</Fact>
      </Group>
      <Group title={t("admin.ways_in")}>
        <Fact name={t("admin.devices")}>{number(person.devices)}</Fact>
        <Fact name={t("admin.passkeys")}>{number(person.passkeys)}</Fact>
        <Fact name={t("admin.providers")}>
          {providers.length === 0 ? t("admin.none") : providers.map(nameOf).join(", ")}
        </Fact>
        <Fact name={t("admin.second_factor")}>{t(person.second_factor ? "admin.on" : "admin.off")}</Fact>
        <Fact name={t("admin.api_keys")}>{number(person.api_keys)}</Fact>
      </Group>
    </div>
  );
}

/** "google" is a name. */
function nameOf(provider: string): string {
  return provider.charAt(0).toUpperCase() + provider.slice(1);
}

function Group({ title, below, children }: { title: string; below?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.group} aria-label={title}>
      <h2>{title}</h2>
      <dl>{children}</dl>
      {below}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
