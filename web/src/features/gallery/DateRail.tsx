/** The months of the gallery at its edge, each as long as it has pictures: dragged or walked along by keys, it leads to one of them. */
import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import type { ImageMonth } from "@/api/generated";
import { useI18n } from "@/i18n/useI18n";

import styles from "./DateRail.module.css";
import { monthAt, monthOf, sharesOf } from "./months";

interface DateRailProps {
  /** In the order of the list. */
  months: readonly ImageMonth[];
  /** When the picture at the top of the window was made. */
  at: string | undefined;
  onGo: (month: ImageMonth) => void;
}

export function DateRail({ months, at, onGo }: DateRailProps) {
  const { t, month: nameOf, number } = useI18n();
  const track = useRef<HTMLDivElement>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const shares = sharesOf(months);
  const here = Math.max(
    0,
    months.findIndex((month) => at !== undefined && at >= month.starts_at && at < month.ends_at),
  );
  const current = dragged ?? here;
  const month = months[current];
  if (!month || months.length < 2) return null;
  const named = (one: ImageMonth) => nameOf(monthOf(one));
  const pointed = (event: PointerEvent) => {
    const box = track.current?.getBoundingClientRect();
    return box ? monthAt(shares, (event.clientY - box.top) / box.height) : 0;
  };
  const go = (index: number) => {
    const next = months[Math.max(0, Math.min(index, months.length - 1))];
    if (next) onGo(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowUp: -1,
      ArrowDown: 1,
      ArrowLeft: -1,
      ArrowRight: 1,
      PageUp: -12,
      PageDown: 12,
    };
    const step = steps[event.key];
    if (step !== undefined) go(here + step);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(months.length - 1);
    else return;
    event.preventDefault();
  };
  return (
    <div className={styles.rail}>
      <div
        ref={track}
        role="slider"
        tabIndex={0}
        aria-label={t("gallery.dates")}
        aria-orientation="vertical"
        aria-valuemin={1}
        aria-valuemax={months.length}
        aria-valuenow={current + 1}
        aria-valuetext={t("gallery.month", { month: named(month), n: month.count })}
        className={styles.track}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDragged(pointed(event));
        }}
        onPointerMove={(event) => dragged !== null && setDragged(pointed(event))}
        onPointerUp={() => {
          if (dragged !== null) go(dragged);
          setDragged(null);
        }}
        onPointerCancel={() => setDragged(null)}
      >
        {months.map((one, n) => {
          const year = monthOf(one).slice(0, 4);
          const before = months[n - 1];
          return before && monthOf(before).startsWith(year) ? null : (
            <span key={one.starts_at} className={styles.year} style={{ top: `${(shares[n] ?? 0) * 100}%` }}>
              {year}
            </span>
          );
        })}
        <span className={styles.thumb} style={{ top: `${(shares[current] ?? 0) * 100}%` }}>
          {dragged !== null && (
            <span className={styles.bubble}>
              {named(month)} · {number(month.count)}
            </span>
          )}
        </span>
      </div>
    </div>
  );
}
