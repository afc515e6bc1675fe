/** What the gallery is filtered by, each to be taken away. */
import { XIcon } from "lucide-react";

import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";

import { activeFilters } from "./filterNames";
import { nothingAsked, type Search } from "./gallerySearch";
import styles from "./Filters.module.css";
import type { NamedCollection } from "./searchWords";

interface FilterChipsProps {
  search: Search;
  collections: readonly NamedCollection[];
  onChange: (search: Search) => void;
}

export function FilterChips({ search, collections, onChange }: FilterChipsProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const filters = activeFilters(search, collections, i18n);
  if (filters.length === 0) return null;
  return (
    <div className={styles.chips}>
      <ul aria-label={t("gallery.filters")} className={styles.list}>
        {filters.map(({ text, without }) => (
          <li key={text} className={styles.chip}>
            <span className={styles.word}>{text}</span>
            <button
              type="button"
              aria-label={t("gallery.filter.remove", { name: text })}
              className={styles.remove}
              onClick={() => onChange(without)}
            >
              <XIcon size={14} />
            </button>
          </li>
        ))}
      </ul>
      <Button look="quiet" onClick={() => onChange({ ...nothingAsked(search), q: search.q })}>
        {t("gallery.filter.clear")}
      </Button>
    </div>
  );
}
