/** What a list shows while it has nothing: because it is loading, is empty, or could not be read. */
import type { ReactNode } from "react";

import { asProblem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";

import { Button, Spinner } from "./Button";
import { cx } from "./cx";
import { problemText } from "./problemText";
import styles from "./States.module.css";

export function Loading({ label }: { label: string }) {
  return (
    <p className={styles.loading} role="status">
      <Spinner />
      {label}
    </p>
  );
}

export function Empty({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <div className={styles.state}>
      <h2>{title}</h2>
      <p>{text}</p>
      {children}
    </div>
  );
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const i18n = useI18n();
  return (
    <div className={cx(styles.state, styles.failed)} role="alert">
      <p>{problemText(i18n, asProblem(error))}</p>
      {onRetry && <Button onClick={onRetry}>{i18n.t("action.try_again")}</Button>}
    </div>
  );
}
