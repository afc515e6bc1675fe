/** What the gallery is asked for: words, filters as a panel (a sheet on the phone) and as chips, and an order. */
import { useQuery } from "@tanstack/react-query";
import { SlidersHorizontalIcon } from "lucide-react";
import { useState } from "react";

import { collectionChoiceQuery } from "@/entities/collection/queries";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Drawer } from "@/ui/Drawer";
import { IconButton } from "@/ui/IconButton";
import { Select } from "@/ui/Select";
import { PHONE, useMedia } from "@/ui/useMedia";

import { FilterChips } from "./FilterChips";
import { FilterPanel } from "./FilterPanel";
import styles from "./Filters.module.css";
import { SORTS, type Search } from "./gallerySearch";
import { SavedSearches } from "./SavedSearches";
import { SearchField } from "./SearchField";

interface SearchBarProps {
  search: Search;
  /** The order where the address says none. */
  preferred: "newest" | "oldest";
  /** How many were found, where that is known. */
  found: number | null;
  onChange: (search: Search) => void;
  /** It is theirs from now on, on every device. */
  onPrefer: (sort: "newest" | "oldest") => void;
}

export function SearchBar({ search, preferred, found, onChange, onPrefer }: SearchBarProps) {
  const { t } = useI18n();
  const onAPhone = useMedia(PHONE);
  const [open, setOpen] = useState(false);
  const { data } = useQuery(collectionChoiceQuery);
  const collections = data?.items ?? [];
  const asked = { search, collections, onChange };
  // Where nothing is said, a collection has its own order.
  const inOrder = search.in !== "";
  const sortBy = (sort: string) => {
    const isLasting = !inOrder && (sort === "newest" || sort === "oldest");
    if (isLasting) onPrefer(sort);
    onChange({ ...search, sort: isLasting ? "" : sort });
  };
  const order = (
    <Select
      label={t("gallery.sort")}
      value={search.sort || (inOrder ? "" : preferred)}
      options={[
        ...(inOrder ? [{ value: "", label: t("gallery.sort.collection") }] : []),
        ...SORTS.map((value) => ({ value, label: t(`gallery.sort.${value}`) })),
      ]}
      onChange={sortBy}
    />
  );
  return (
    <div className={styles.bar}>
      <div className={styles.line}>
        <SearchField {...asked} unseenLabel={onAPhone} />
        {!onAPhone && order}
        <SavedSearches search={search} />
        {onAPhone ? (
          <IconButton label={t("gallery.filters")} aria-expanded={open} onClick={() => setOpen(!open)}>
            <SlidersHorizontalIcon />
          </IconButton>
        ) : (
          <Button aria-expanded={open} aria-controls="gallery-filters" onClick={() => setOpen(!open)}>
            <SlidersHorizontalIcon size={18} />
            {t("gallery.filters")}
          </Button>
        )}
      </div>
      {onAPhone ? (
        <Drawer title={t("gallery.filters")} side="bottom" open={open} onClose={() => setOpen(false)}>
          <div className={styles.order}>{order}</div>
          <FilterPanel {...asked} />
        </Drawer>
      ) : (
        <section id="gallery-filters" aria-label={t("gallery.filters")} hidden={!open}>
          {open && <FilterPanel {...asked} />}
        </section>
      )}
      <FilterChips {...asked} />
      <p role="status" className={styles.found}>
        {found !== null && t("gallery.found", { n: found })}
      </p>
    </div>
  );
}
