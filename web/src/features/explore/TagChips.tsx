import { Link } from "react-router";

import type { Image } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";

import { commonTags } from "./commonTags";
import styles from "./TagChips.module.css";

/** The tags of what is shown: each leads to the pictures that have it. */
export function TagChips({ images, chosen }: { images: readonly Image[]; chosen: string | null }) {
  const { t } = useI18n();
  const tags = commonTags(images, chosen);
  if (tags.length === 0) return null;
  return (
    <nav aria-label={t("explore.tags_label")}>
      <ul className={styles.chips}>
        <Chip to="/explore" label={t("explore.all")} isChosen={chosen === null} />
        {tags.map((tag) => (
          <Chip
            key={tag}
            to={`/explore?tag=${encodeURIComponent(tag)}`}
            label={tag}
            isChosen={tag === chosen}
          />
        ))}
      </ul>
    </nav>
  );
}

function Chip({ to, label, isChosen }: { to: string; label: string; isChosen: boolean }) {
  return (
    <li className={styles.place}>
      <Link to={to} className={styles.chip} aria-current={isChosen || undefined}>
        {label}
      </Link>
    </li>
  );
}
