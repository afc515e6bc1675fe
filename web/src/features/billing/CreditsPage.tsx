import { useQuery } from "@tanstack/react-query";

import { meQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { Meter } from "@/ui/Progress";

import styles from "./CreditsPage.module.css";
import { Grants } from "./Grants";
import { Held } from "./Held";
import { Ledger } from "./Ledger";

export function CreditsPage() {
  const { t } = useI18n();
  return (
    <div className={styles.page}>
      <h1>{t("billing.title")}</h1>
      <Summary />
      <Held />
      <Grants />
      <Ledger />
    </div>
  );
}

function Summary() {
  const { t, number, bytes } = useI18n();
  const { data } = useQuery(meQuery);
  if (!data) return null;
  const { credits, plan, storage } = data;
  return (
    <section className={styles.summary} aria-label={t("billing.summary")}>
      <dl className={styles.figures}>
        <div className={styles.main}>
          <dt>{t("billing.available")}</dt>
          <dd>{number(credits.balance)}</dd>
        </div>
        <div>
          <dt>{t("billing.held")}</dt>
          <dd>{number(credits.held)}</dd>
        </div>
        <div>
          <dt>{t("billing.plan")}</dt>
          <dd>{plan.display_name}</dd>
        </div>
      </dl>
      <p className={styles.worth}>{t("billing.worth")}</p>
      <Meter
        label={t("billing.storage")}
        value={storage.used_bytes}
        max={storage.quota_bytes}
        text={t("billing.storage_of", { used: bytes(storage.used_bytes), quota: bytes(storage.quota_bytes) })}
      />
    </section>
  );
}
