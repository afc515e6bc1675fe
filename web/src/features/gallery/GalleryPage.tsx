/** All pictures of a person and what they are searched by. What is asked for, and which one is open, stand in the address. */
import { useQuery } from "@tanstack/react-query";
import { Trash2Icon } from "lucide-react";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";

import { datesQuery, type Sort } from "@/entities/image/queries";
import { UploadButton } from "@/entities/image/UploadButton";
import { searchQuery } from "@/entities/search/queries";
import { useSavePreferences } from "@/entities/user/preferences";
import { useI18n } from "@/i18n/useI18n";
import { Button, buttonClass } from "@/ui/Button";
import { Segmented } from "@/ui/RadioGroup";
import { Empty } from "@/ui/States";
import { PHONE, useMedia } from "@/ui/useMedia";

import { GalleryMenu } from "./GalleryMenu";
import styles from "./GalleryPage.module.css";
import { useLayout, useLayoutEntries } from "./GridBar";
import { Pictures } from "./Pictures";
import {
  filterOf,
  isNarrowed,
  nothingAsked,
  readSearch,
  writeSearch,
  type Search,
} from "./search/gallerySearch";
import { MissingNote } from "./search/MissingNote";
import { SAVED } from "./search/SavedSearches";
import { SearchBar } from "./search/SearchBar";

export function GalleryPage() {
  const { t } = useI18n();
  const { sort: preferred } = useLayout();
  const { save } = useSavePreferences();
  const [query, setQuery] = useSearchParams();
  const search = readSearch(query);
  const filter = filterOf(search);
  const months = useQuery(datesQuery(filter)).data?.items;
  const found = months?.reduce((sum, { count }) => sum + count, 0) ?? null;
  const onAPhone = useMedia(PHONE);
  const [reviewing, setReviewing] = useState(false);
  const layout = useLayoutEntries(found === 0 ? null : () => setReviewing(true));
  const sort = (search.sort || (search.in === "" ? preferred : undefined)) as Sort | undefined;

  const ask = (next: Search, replace = false) =>
    setQuery(
      (before) => {
        const address = writeSearch(before, next);
        // Another list begins at its own beginning.
        address.delete("from");
        if (!isNarrowed(next) && !next.favorite) address.delete(SAVED);
        return address;
      },
      { replace, preventScrollReset: true },
    );
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t("gallery.title")}</h1>
        <Segmented
          label={t("gallery.show")}
          value={search.favorite ? "favorites" : "all"}
          options={[
            { value: "all", label: t("gallery.all") },
            { value: "favorites", label: t("gallery.favorites") },
          ]}
          onChange={(value) => ask({ ...search, favorite: value === "favorites" }, true)}
        />
        <div className={styles.ways}>
          <UploadButton short={onAPhone} />
          {!onAPhone && (
            <Link to="/trash" className={buttonClass("quiet", { small: true })}>
              <Trash2Icon size={16} />
              {t("gallery.trash")}
            </Link>
          )}
          <GalleryMenu more={onAPhone ? layout : []} withTrash={onAPhone} />
        </div>
      </header>
      <SearchBar
        search={search}
        preferred={preferred}
        found={isNarrowed(search) ? found : null}
        // Words that are still being written are one step of the way back.
        onChange={(next) => ask(next, search.q !== "" && next.q !== search.q)}
        onPrefer={(next) => save({ gallery: { sort: next } })}
      />
      <Missing id={query.get(SAVED)} />
      <Pictures
        filter={filter}
        sort={sort}
        nothing={<Nothing search={search} onAsk={ask} />}
        reviewing={reviewing}
        onReview={setReviewing}
      />
    </div>
  );
}

/** Of the saved search that was opened. */
function Missing({ id }: { id: string | null }) {
  const { data } = useQuery({ ...searchQuery(id ?? ""), enabled: id !== null });
  return data ? <MissingNote missing={data.missing} /> : null;
}

function Nothing({ search, onAsk }: { search: Search; onAsk: (search: Search) => void }) {
  const { t } = useI18n();
  const rest = nothingAsked(search);
  if (isNarrowed(search)) {
    const byTagsAlone = !isNarrowed({ ...search, tags: [] });
    if (byTagsAlone)
      return <Empty title={t("gallery.none_tagged_title")} text={t("gallery.none_tagged_text")} />;
    return (
      <Empty title={t("gallery.none_found_title")} text={t("gallery.none_found_text")}>
        <Button onClick={() => onAsk(rest)}>{t("gallery.show_all")}</Button>
      </Empty>
    );
  }
  return search.favorite ? (
    <Empty title={t("gallery.no_favorites_title")} text={t("gallery.no_favorites_text")} />
  ) : (
    <Empty title={t("gallery.empty_title")} text={t("gallery.empty_text")}>
      <Link to="/create" className={buttonClass("primary")}>
        {t("gallery.empty_action")}
      </Link>
    </Empty>
  );
}
