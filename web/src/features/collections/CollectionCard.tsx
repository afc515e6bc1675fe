import { FolderIcon, GlobeIcon } from "lucide-react";

import type { Collection } from "@/api/types";
import { changeFacts } from "@/entities/collection/actions/changeFacts";
import { copyCollectionLink } from "@/entities/collection/actions/copyCollectionLink";
import { deleteCollection } from "@/entities/collection/actions/deleteCollection";
import { menuEntry, readyAction } from "@/entities/readyAction";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";

import { Card } from "./Card";

interface CollectionCardProps {
  collection: Collection;
  onEdit: () => void;
  onDelete: () => void;
}

export function CollectionCard({ collection, onEdit, onDelete }: CollectionCardProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const { id, name, visibility, image_count, cover_image_url } = collection;
  const copying = useAction(copyCollectionLink);
  return (
    <Card
      to={`/collections/${id}`}
      name={name}
      cover={cover_image_url}
      icon={FolderIcon}
      entries={[
        ...readyAction(changeFacts, { ...collection }, onEdit),
        ...readyAction(copyCollectionLink, collection, () => copying.run(collection)),
        ...readyAction(deleteCollection, collection, onDelete),
      ].map((one) => menuEntry(one, i18n))}
    >
      {t("collection.images", { n: image_count })}
      {visibility === "public" && (
        <>
          <GlobeIcon size={14} />
          {t("collections.public")}
        </>
      )}
    </Card>
  );
}
