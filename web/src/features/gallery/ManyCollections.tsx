import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { collectionChoiceQuery } from "@/entities/collection/queries";
import type { ManyChange } from "@/entities/image/many";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Failed, Loading } from "@/ui/States";

import styles from "./SelectionBar.module.css";

/** The collections that the chosen ones may go into. */
export function ManyCollections({
  change,
  close,
}: {
  change: (change: ManyChange) => void;
  close: () => void;
}) {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery(collectionChoiceQuery);
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading label={t("collection.loading")} />;
  return (
    <div className={styles.panel}>
      {data.items.length === 0 && <p>{t("collection.none_yet")}</p>}
      <ul className={styles.choice}>
        {data.items.map(({ id, name }) => (
          <li key={id}>
            <Button
              wide
              look="quiet"
              onClick={() => {
                change({ action: "add_to_collection", collection_id: id });
                close();
              }}
            >
              {name}
            </Button>
          </li>
        ))}
      </ul>
      <Link to="/collections">{t("collection.see_all")}</Link>
    </div>
  );
}
