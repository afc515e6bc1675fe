/** How far something has come, and how much of something is used. */
import { Meter as BaseMeter } from "@base-ui/react/meter";
import { Progress as BaseProgress } from "@base-ui/react/progress";

import { cx } from "./cx";
import styles from "./Progress.module.css";

interface ProgressProps {
  label: string;
  /** From 0 to 100; null: under way, nobody knows how far. */
  value: number | null;
  /** With its label and value in sight. */
  shown?: boolean;
  className?: string | undefined;
}

export function ProgressBar({ label, value, shown, className }: ProgressProps) {
  return (
    <BaseProgress.Root
      value={value}
      aria-label={shown ? undefined : label}
      className={cx(styles.root, className)}
    >
      {shown && (
        <>
          <BaseProgress.Label>{label}</BaseProgress.Label>
          <BaseProgress.Value className={styles.value} />
        </>
      )}
      <BaseProgress.Track className={styles.track}>
        <BaseProgress.Indicator className={styles.done} />
      </BaseProgress.Track>
    </BaseProgress.Root>
  );
}

interface MeterProps {
  label: string;
  value: number;
  max: number;
  /** How the value is said: "3.1 of 5 GB". */
  text: string;
  /** From this part of it on it is nearly full, which its colour tells too. */
  warnFrom?: number;
}

export function Meter({ label, value, max, text, warnFrom = 0.9 }: MeterProps) {
  const part = max > 0 ? value / max : 0;
  return (
    <BaseMeter.Root
      value={Math.min(value, max)}
      max={max}
      getAriaValueText={() => text}
      className={styles.root}
    >
      <BaseMeter.Label>{label}</BaseMeter.Label>
      <BaseMeter.Value className={styles.value}>{() => text}</BaseMeter.Value>
      <BaseMeter.Track className={styles.track}>
        <BaseMeter.Indicator
          className={styles.used}
          data-state={part >= 1 ? "full" : part >= warnFrom ? "nearly" : undefined}
        />
      </BaseMeter.Track>
    </BaseMeter.Root>
  );
}
