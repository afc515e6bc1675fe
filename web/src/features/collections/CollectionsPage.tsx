/** All collections of a person, those that were changed last first. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { FolderIcon } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";

import type { Collection } from "@/api/types";
import { deleteCollection } from "@/entities/collection/actions/deleteCollection";
import { makeCollection } from "@/entities/collection/actions/makeCollection";
import { collectionsQuery } from "@/entities/collection/queries";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { LoadMore } from "@/ui/LoadMore";
import { Empty, Failed, Loading } from "@/ui/States";

import { CollectionCard } from "./CollectionCard";
import styles from "./CollectionsPage.module.css";
import { FactsDialog } from "./FactsDialog";
import { SmartCollections } from "./SmartCollections";

export function CollectionsPage() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const list = useInfiniteQuery(collectionsQuery);
  const [edited, setEdited] = useState<Collection | "new" | null>(null);
  const [doomed, setDoomed] = useState<Collection | null>(null);
  const deleting = useAction(deleteCollection, { onDone: () => setDoomed(null) });
  const collections = list.data?.pages.flatMap((page) => page.items) ?? [];
  const make = (
    <Button look="primary" onClick={() => setEdited("new")}>
      <makeCollection.icon />
      {t("collections.new")}
    </Button>
  );

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t("collections.title")}</h1>
        {collections.length > 0 && make}
      </header>
      {list.isPending ? (
        <Loading label={t("collection.loading")} />
      ) : list.isError && collections.length === 0 ? (
        <Failed error={list.error} onRetry={() => void list.refetch()} />
      ) : collections.length === 0 ? (
        <Empty icon={FolderIcon} title={t("collections.empty_title")} text={t("collections.empty_text")}>
          {make}
        </Empty>
      ) : (
        <ul className={styles.cards} aria-label={t("collections.title")}>
          {collections.map((collection) => (
            <CollectionCard
              key={collection.id}
              collection={collection}
              onEdit={() => setEdited(collection)}
              onDelete={() => setDoomed(collection)}
            />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <LoadMore busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
      <SmartCollections />
      {edited && (
        <FactsDialog
          before={edited === "new" ? null : edited}
          onDone={({ id }) => {
            setEdited(null);
            if (edited === "new") void navigate(`/collections/${id}`);
          }}
          onClose={() => setEdited(null)}
        />
      )}
      {doomed && (
        <ActionQuestion
          action={deleteCollection}
          thing={doomed}
          busy={deleting.busy}
          onConfirm={() => deleting.run(doomed)}
          onClose={() => setDoomed(null)}
        />
      )}
    </div>
  );
}
