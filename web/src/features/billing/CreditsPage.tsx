import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { ledgerQuery, meQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { Meter } from "@/ui/Progress";

import { BillingFrame } from "./BillingFrame";
import styles from "./CreditsPage.module.css";
import { expiringNext } from "./expiring";
import { Grants } from "./Grants";
import { Held } from "./Held";
import { Ledger } from "./Ledger";
import { Packs } from "./Packs";
import { PlanCard } from "./PlanCard";
import { Redeem } from "./Redeem";

export function CreditsPage() {
  const { t } = useI18n();
  return (
    <BillingFrame title={t("billing.title")}>
      <Summary />
      <PlanCard />
      <Held />
      <Grants />
      <Packs />
      <Redeem />
      <Ledger />
    </BillingFrame>
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
      <ExpiringSoon />
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

/** What expires within days: whoever knows it can still use it. */
function ExpiringSoon() {
  const { t, date } = useI18n();
  const { data, dataUpdatedAt } = useInfiniteQuery(ledgerQuery());
  const next = expiringNext(data?.pages[0]?.grants ?? [], dataUpdatedAt);
  if (!next) return null;
  return <p className={styles.soon}>{t("billing.expire_soon", { n: next.credits, date: date(next.at) })}</p>;
}
