/** Other pictures of one's own that are the same as this one, or look like it: asked for when somebody wants to see them. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { getSimilarImagesOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Failed, Loading } from "@/ui/States";

import { Pictures } from "./Lineage";
import styles from "./Lineage.module.css";

export function Similar({ id }: { id: string }) {
  const { t } = useI18n();
  const [asked, setAsked] = useState(false);
  const { data, error, refetch } = useQuery({
    ...getSimilarImagesOptions({ path: { image_id: id } }),
    enabled: asked,
  });
  if (!asked) {
    return (
      <Button small onClick={() => setAsked(true)}>
        {t("gallery.similar.find")}
      </Button>
    );
  }
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading label={t("gallery.similar.looking")} />;
  const none = data.same.length + data.alike.length === 0;
  return (
    <>
      <Pictures title={t("gallery.similar.same")} row={data.same.map((image) => ({ image, note: null }))} />
      <Pictures
        title={t("gallery.similar.alike")}
        row={data.alike.map(({ image }) => ({ image, note: null }))}
      />
      {none && (
        <p className={styles.more} role="status">
          {t(data.is_known ? "gallery.similar.none" : "gallery.similar.not_yet")}
        </p>
      )}
    </>
  );
}
