import { useQuery } from "@tanstack/react-query";
import { CoinsIcon } from "lucide-react";
import { NavLink } from "react-router";

import { meQuery } from "./queries";
import { useI18n } from "@/i18n/useI18n";

import styles from "./BalanceLink.module.css";

/** The balance in the header, which leads to where it came from and went. */
export function BalanceLink() {
  const { t, number } = useI18n();
  const { data } = useQuery(meQuery);
  const balance = data?.credits.balance;
  return (
    <NavLink
      to="/credits"
      className={styles.balance}
      aria-label={balance === undefined ? undefined : t("user.balance", { n: balance })}
    >
      <CoinsIcon />
      <span className={styles.number}>{balance === undefined ? "…" : number(balance)}</span>
    </NavLink>
  );
}
