import { NavLink } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { cx } from "@/ui/cx";

import type { Place } from "./places";
import styles from "./Rail.module.css";

/** The places to go to: beside the page on a wide screen, within reach of a thumb on a phone. */
export function Rail({ places }: { places: readonly Place[] }) {
  const { t } = useI18n();
  return (
    <nav className={styles.rail} aria-label={t("nav.label")}>
      {places.map(({ path, label, icon: Icon, below, Page }, index) => (
        <NavLink
          key={path}
          to={path}
          className={cx(styles.place, below && !places[index - 1]?.below && styles.firstBelow)}
          onPointerEnter={Page.preload}
        >
          <Icon />
          <span className={styles.name}>{t(label)}</span>
        </NavLink>
      ))}
    </nav>
  );
}
