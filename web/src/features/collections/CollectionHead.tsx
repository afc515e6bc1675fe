/** What is said of a collection, and what can be done with all of it. */
import { ArrowLeftIcon } from "lucide-react";
import { useState } from "react";
import { Link, useNavigate } from "react-router";

import type { Collection } from "@/api/types";
import { changeFacts } from "@/entities/collection/actions/changeFacts";
import { copyCollectionLink } from "@/entities/collection/actions/copyCollectionLink";
import { deleteCollection } from "@/entities/collection/actions/deleteCollection";
import {
  downloadCollection,
  downloadCollectionPlain,
} from "@/entities/collection/actions/downloadCollection";
import { ActionButton } from "@/entities/ActionControl";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { useAction } from "@/entities/useAction";
import { useOfferActions } from "@/entities/useOfferActions";
import { useI18n } from "@/i18n/useI18n";
import { useTitle } from "@/ui/useTitle";

import styles from "./CollectionHead.module.css";
import { FactsDialog } from "./FactsDialog";

export function CollectionHead({ collection }: { collection: Collection }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const [open, setOpen] = useState<"facts" | "question" | null>(null);
  const copying = useAction(copyCollectionLink);
  const downloading = useAction(downloadCollection);
  const downloadingPlain = useAction(downloadCollectionPlain);
  const deleting = useAction(deleteCollection, { onDone: () => void navigate("/collections") });
  const close = () => setOpen(null);
  const { name, description, visibility, image_count } = collection;
  useTitle(name, "inside");
  useOfferActions(name, collection, [
    { action: changeFacts, run: () => setOpen("facts") },
    { action: copyCollectionLink, run: copying.run },
    { action: downloadCollection, run: downloading.run },
    { action: downloadCollectionPlain, run: downloadingPlain.run },
    { action: deleteCollection, run: () => setOpen("question") },
  ]);

  return (
    <header className={styles.head}>
      <Link to="/collections" className={styles.back}>
        <ArrowLeftIcon size={16} />
        {t("collections.title")}
      </Link>
      <div className={styles.line}>
        <h1 className={styles.name}>{name}</h1>
        <div className={styles.actions}>
          <ActionButton action={changeFacts} thing={collection} small onPress={() => setOpen("facts")} />
          <ActionButton action={copyCollectionLink} thing={collection} small onPress={copying.run} />
          <ActionButton
            action={downloadCollection}
            thing={collection}
            small
            busy={downloading.busy}
            onPress={downloading.run}
          />
          <ActionButton
            action={deleteCollection}
            thing={collection}
            small
            look="quiet"
            onPress={() => setOpen("question")}
          />
        </div>
      </div>
      {description && <p className={styles.description}>{description}</p>}
      <p className={styles.facts}>
        {t("collection.images", { n: image_count })}
        {" · "}
        {t("picture.visible_to")}: {t(`picture.visibility.${visibility}`)}
      </p>
      {open === "facts" && <FactsDialog before={collection} onDone={close} onClose={close} />}
      {open === "question" && (
        <ActionQuestion
          action={deleteCollection}
          thing={collection}
          busy={deleting.busy}
          onConfirm={() => deleting.run(collection)}
          onClose={close}
        />
      )}
    </header>
  );
}
