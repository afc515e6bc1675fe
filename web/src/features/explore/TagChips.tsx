import { Link, type To } from "react-router";

import type { Image } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";

import { commonTags } from "./commonTags";
import { addressOf, type ExploreSort } from "./exploreAddress";
import styles from "./TagChips.module.css";

/** The tags of what is shown: each leads to the pictures that have it. */
interface TagChipsProps {
  images: readonly Pick<Image, "tags">[];
  chosen: string | null;
  /** The order in which they are gone through, which stays. */
  sort: ExploreSort;
}

export function TagChips({ images, chosen, sort }: TagChipsProps) {
  const { t } = useI18n();
  const tags = commonTags(images, chosen);
  if (tags.length === 0) return null;
  const to = (tag: string | null) => ({ pathname: "/explore", search: addressOf(tag, sort).toString() });
  return (
    <nav aria-label={t("explore.tags_label")}>
      <ul className={styles.chips}>
        <Chip to={to(null)} label={t("explore.all")} isChosen={chosen === null} />
        {tags.map((tag) => (
          <Chip key={tag} to={to(tag)} label={tag} isChosen={tag === chosen} />
        ))}
      </ul>
    </nav>
  );
}

function Chip({ to, label, isChosen }: { to: To; label: string; isChosen: boolean }) {
  return (
    <li className={styles.place}>
      <Link to={to} className={styles.chip} aria-current={isChosen || undefined}>
        {label}
      </Link>
    </li>
  );
}
