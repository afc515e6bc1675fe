/** Said of an open picture that is in the trash: until when it is there, and the ways back and on. */
import { useQuery } from "@tanstack/react-query";

import type { Image } from "@/api/types";
import { ActionButton } from "@/entities/ActionControl";
import { deleteForGood } from "@/entities/image/actions/deleteForGood";
import { restoreImage } from "@/entities/image/actions/restoreImage";
import { daysLeft, trashQuery } from "@/entities/image/trash";
import { useI18n } from "@/i18n/useI18n";

import styles from "./InTrash.module.css";
import type { Trashed } from "./useTrashed";

export function InTrash({
  image,
  trashedAt,
  trashed,
}: {
  image: Image;
  trashedAt: string;
  trashed: Trashed;
}) {
  const { t } = useI18n();
  const { data } = useQuery(trashQuery);
  return (
    <section className={styles.note} aria-label={t("gallery.in_trash")}>
      <h2>{t("gallery.in_trash")}</h2>
      {data && <p>{t("gallery.in_trash_left", { n: daysLeft(trashedAt, data.keep_days) })}</p>}
      <div className={styles.ways}>
        <ActionButton
          action={restoreImage}
          thing={image}
          look="primary"
          small
          busy={trashed.busy}
          onPress={trashed.restore}
        />
        <ActionButton action={deleteForGood} thing={image} look="danger" small onPress={trashed.remove} />
      </div>
    </section>
  );
}
