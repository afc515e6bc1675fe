/** A collection that fills itself: a saved search and what it finds now. */
import { useQuery } from "@tanstack/react-query";
import { ArrowLeftIcon, SlidersHorizontalIcon } from "lucide-react";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { asProblem } from "@/api/problem";
import type { SearchDetailsOut } from "@/api/generated";
import { ActionButton } from "@/entities/ActionControl";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { collectionChoiceQuery } from "@/entities/collection/queries";
import type { Filter } from "@/entities/image/queries";
import { changeSearch } from "@/entities/search/actions/changeSearch";
import { deleteSearch } from "@/entities/search/actions/deleteSearch";
import { searchQuery } from "@/entities/search/queries";
import { SearchDialog } from "@/entities/search/SearchDialog";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { Empty, Failed, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import styles from "./SavedSearchPage.module.css";
import { Pictures } from "./Pictures";
import { activeFilters } from "./search/filterNames";
import { MissingNote } from "./search/MissingNote";
import { addressOf } from "./search/SavedSearches";
import { searchOf } from "./search/savedSearch";

export function SavedSearchPage() {
  const { t } = useI18n();
  const { id = "" } = useParams();
  const { data, error, refetch } = useQuery(searchQuery(id));
  if (error && !data) {
    const { status } = asProblem(error);
    if (status !== 404 && status !== 422) return <Failed error={error} onRetry={() => void refetch()} />;
    return (
      <Empty page title={t("gallery.saved.gone_title")} text={t("gallery.saved.gone_text")}>
        <Link to="/collections" className={buttonClass("primary")}>
          {t("gallery.saved.to_collections")}
        </Link>
      </Empty>
    );
  }
  if (!data) return <Loading label={t("gallery.loading")} />;
  return <Found key={data.id} search={data} />;
}

function Found({ search }: { search: SearchDetailsOut }) {
  const { t } = useI18n();
  const [reviewing, setReviewing] = useState(false);
  useTitle(search.name, "inside");
  const nothing = <Empty title={t("gallery.none_found_title")} text={t("gallery.saved.none_text")} />;
  // A list of a collection that is gone is none.
  const isLost = search.missing.some(({ field }) => field === "collection");
  return (
    <div className={styles.page}>
      <Head search={search} />
      {isLost ? (
        nothing
      ) : (
        <Pictures
          filter={filterOf(search)}
          sort={search.sort ?? (search.filter.collection === undefined ? "newest" : undefined)}
          nothing={nothing}
          reviewing={reviewing}
          onReview={setReviewing}
        />
      )}
    </div>
  );
}

function Head({ search }: { search: SearchDetailsOut }) {
  const i18n = useI18n();
  const { t } = i18n;
  const navigate = useNavigate();
  const { data } = useQuery(collectionChoiceQuery);
  const [asked, setAsked] = useState<"change" | "delete" | null>(null);
  const close = () => setAsked(null);
  const deleting = useAction(deleteSearch, {
    onDone: () => void navigate(search.is_collection ? "/collections" : "/gallery"),
  });
  const same = searchOf(search.filter, search.sort);
  const names = same ? activeFilters(same, data?.items ?? [], i18n).map(({ text }) => text) : [];
  const words = [...(same?.q ? [same.q] : []), ...(same?.favorite ? [t("gallery.favorites")] : []), ...names];
  return (
    <header className={styles.head}>
      <Link to={search.is_collection ? "/collections" : "/gallery"} className={styles.back}>
        <ArrowLeftIcon size={16} />
        {t(search.is_collection ? "gallery.saved.to_collections" : "gallery.saved.to_gallery")}
      </Link>
      <div className={styles.line}>
        <h1>{search.name}</h1>
        <div className={styles.actions}>
          {same && (
            <Link to={addressOf(search)} className={buttonClass("plain", { small: true })}>
              <SlidersHorizontalIcon />
              {t("gallery.saved.in_gallery")}
            </Link>
          )}
          <ActionButton
            small
            action={changeSearch}
            thing={{ id: search.id }}
            onPress={() => setAsked("change")}
          />
          <ActionButton
            small
            look="quiet"
            action={deleteSearch}
            thing={search}
            onPress={() => setAsked("delete")}
          />
        </div>
      </div>
      <p className={styles.said}>
        {words.length > 0 ? t("gallery.saved.asks", { list: words.join(" · ") }) : t("gallery.saved.fills")}
      </p>
      <MissingNote missing={search.missing} />
      {asked === "change" && <SearchDialog of={search} onDone={close} onClose={close} />}
      {asked === "delete" && (
        <ActionQuestion
          action={deleteSearch}
          thing={search}
          busy={deleting.busy}
          onConfirm={() => deleting.run(search)}
          onClose={close}
        />
      )}
    </header>
  );
}

/** All that it asks for, also what the gallery has no control for. */
function filterOf({ filter }: SearchDetailsOut): Filter {
  return { favorite: false, more: filter };
}
