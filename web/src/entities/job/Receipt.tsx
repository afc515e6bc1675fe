import type { Receipt as ReceiptData } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";

import styles from "./Receipt.module.css";

const LINES = ["quoted", "held", "charged", "returned"] as const;

/** What a job was said to cost, what was set aside for it, what it took, and what came back. */
export function Receipt({ receipt, failed }: { receipt: ReceiptData; failed: boolean }) {
  const { t, number, find } = useI18n();
  const reason = failed ? t("job.receipt.reason.failed") : find(`job.receipt.reason.${receipt.reason}`);
  return (
    <details className={styles.receipt}>
      <summary>
        {receipt.charged > 0
          ? t("job.receipt.charged_summary", { n: receipt.charged })
          : t("job.receipt.free_summary")}
      </summary>
      <dl className={styles.slip}>
        {LINES.map((line) => (
          <div key={line} className={styles.row} data-line={line}>
            <dt>{t(`job.receipt.${line}`)}</dt>
            <dd>{number(receipt[line])}</dd>
          </div>
        ))}
        {reason && <p className={styles.reason}>{reason}</p>}
        {receipt.gpu_seconds !== null && receipt.gpu_seconds > 0 && (
          <p className={styles.reason}>{t("job.receipt.measured", { seconds: receipt.gpu_seconds })}</p>
        )}
      </dl>
    </details>
  );
}
