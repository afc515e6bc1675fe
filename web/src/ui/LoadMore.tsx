import { useEffect, useRef } from "react";

import { useI18n } from "@/i18n/useI18n";

import { Button } from "./Button";
import styles from "./LoadMore.module.css";

interface LoadMoreProps {
  busy: boolean;
  onMore: () => void;
  /** Loads by itself when it comes near the visible part of the page. */
  eager?: boolean;
}

/** The end of a list that has more: a button, which presses itself when scrolled to. */
export function LoadMore({ busy, onMore, eager = true }: LoadMoreProps) {
  const { t } = useI18n();
  const place = useRef<HTMLDivElement>(null);
  const more = useRef(onMore);

  useEffect(() => {
    more.current = onMore;
  });

  useEffect(() => {
    if (!eager || busy || !place.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) more.current();
      },
      { rootMargin: "600px 0px" },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [eager, busy]);

  return (
    <div ref={place} className={styles.place}>
      <Button look="quiet" busy={busy} onClick={onMore}>
        {t("action.show_more")}
      </Button>
    </div>
  );
}
