/** Saved searches that are shown among the collections. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { SearchOut } from "@/api/generated";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { deleteSearch } from "@/entities/search/actions/deleteSearch";
import { smartCollectionsQuery } from "@/entities/search/queries";
import { SearchDialog } from "@/entities/search/SearchDialog";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";

import styles from "./CollectionsPage.module.css";
import { SearchCard } from "./SearchCard";

export function SmartCollections() {
  const { t } = useI18n();
  const { data } = useQuery(smartCollectionsQuery);
  const [edited, setEdited] = useState<SearchOut | null>(null);
  const [doomed, setDoomed] = useState<SearchOut | null>(null);
  const deleting = useAction(deleteSearch, { onDone: () => setDoomed(null) });
  const searches = data?.items ?? [];
  if (searches.length === 0) return null;
  return (
    <section className={styles.page} aria-label={t("collections.smart")}>
      <h2>{t("collections.smart")}</h2>
      <ul className={styles.cards} aria-label={t("collections.smart")}>
        {searches.map((search) => (
          <SearchCard
            key={search.id}
            search={search}
            onEdit={() => setEdited(search)}
            onDelete={() => setDoomed(search)}
          />
        ))}
      </ul>
      {edited && <SearchDialog of={edited} onDone={() => setEdited(null)} onClose={() => setEdited(null)} />}
      {doomed && (
        <ActionQuestion
          action={deleteSearch}
          thing={doomed}
          busy={deleting.busy}
          onConfirm={() => deleting.run(doomed)}
          onClose={() => setDoomed(null)}
        />
      )}
    </section>
  );
}
