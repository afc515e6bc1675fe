/** Credits by the day, as bars. The same stands in words for those who do not see them. */
import { useI18n } from "@/i18n/useI18n";

import styles from "./Usage.module.css";
import type { UsageBar } from "./usageDays";

export function UsageChart({ bars }: { bars: readonly UsageBar[] }) {
  const { t, date, number } = useI18n();
  const most = Math.max(0, ...bars.map(({ credits }) => credits));
  const best = bars.find(({ credits }) => credits === most);
  const [first, last] = [bars[0], bars.at(-1)];
  if (!first || !last || !best || most === 0) return null;
  const spanOf = ({ from, to }: UsageBar) => (from === to ? date(from) : `${date(from)} – ${date(to)}`);
  return (
    <figure className={styles.figure}>
      <div className={styles.bars} role="img" aria-label={t("usage.chart", { most, when: spanOf(best) })}>
        {bars.map((bar) => (
          <span
            key={bar.from}
            className={styles.column}
            title={t("usage.bar", { n: bar.credits, when: spanOf(bar) })}
          >
            <span
              className={styles.bar}
              style={{ "--part": bar.credits / most } as React.CSSProperties}
              data-some={bar.credits > 0 || undefined}
            />
          </span>
        ))}
      </div>
      <figcaption className={styles.axis}>
        <span>{date(first.from)}</span>
        <span>{t("usage.chart_most", { n: number(most) })}</span>
        <span>{date(last.to)}</span>
      </figcaption>
    </figure>
  );
}
