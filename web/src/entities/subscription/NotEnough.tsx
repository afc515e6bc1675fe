/** What is missing for something that costs more than one has, and the ways on. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";

import styles from "./NotEnough.module.css";
import { offersQuery } from "./queries";

interface NotEnoughProps {
  cost: number;
  balance: number;
}

export function NotEnough({ cost, balance }: NotEnoughProps) {
  const { t } = useI18n();
  const { data } = useQuery(offersQuery);
  return (
    <div className={styles.box} role="status">
      <p className={styles.missing}>{t("credits.missing", { n: cost - balance })}</p>
      <p className={styles.facts}>{t("credits.costs_of", { cost, balance })}</p>
      {/* Who sells nothing has no ways to show. */}
      {data?.seller === null && <p className={styles.facts}>{t("credits.given_here")}</p>}
      {data?.seller && (
        <div className={styles.ways}>
          <Link to="/credits/plans" className={buttonClass("plain", { small: true })}>
            {t("credits.larger_plan")}
          </Link>
          <Link to="/credits#packs" className={buttonClass("plain", { small: true })}>
            {t("credits.buy_pack")}
          </Link>
        </div>
      )}
    </div>
  );
}
