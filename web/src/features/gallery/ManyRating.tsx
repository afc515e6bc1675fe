import type { ManyChange } from "@/entities/image/many";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";

import styles from "./SelectionBar.module.css";
import { starsIn } from "./stars";

/** Stars for all that are chosen. */
export function ManyRating({ change, close }: { change: (change: ManyChange) => void; close: () => void }) {
  const i18n = useI18n();
  return (
    <div className={styles.stars}>
      {starsIn(i18n).map(({ rating, label, title }) => (
        <Button
          key={rating}
          small
          look="quiet"
          aria-label={title}
          title={title}
          onClick={() => {
            change({ action: "rate", rating });
            close();
          }}
        >
          {label}
        </Button>
      ))}
    </div>
  );
}
