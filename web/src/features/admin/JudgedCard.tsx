/** A picture that an admin has to judge, whose it is and how it stands, with what there is to say and do about it. */
import type { ReactNode } from "react";
import { Link } from "react-router";

import type { JudgedImage } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";

import styles from "./JudgedCard.module.css";

export function JudgedCard({ image, children }: { image: JudgedImage; children: ReactNode }) {
  const { t, dateTime } = useI18n();
  const { owner, prompt, visibility, trashed_at } = image;
  return (
    <article className={styles.card}>
      <a href={image.file_url} target="_blank" rel="noreferrer" className={styles.picture}>
        <img
          src={image.thumbnail_large_url ?? image.thumbnail_url ?? image.file_url}
          alt={t("admin.open_picture", { prompt: prompt ?? t("picture.uploaded") })}
          width={image.width}
          height={image.height}
          loading="lazy"
        />
      </a>
      <div className={styles.told}>
        {prompt !== null && <p className={styles.prompt}>{prompt}</p>}
        <p className={styles.faint}>
          <Link to={`/admin/users/${owner.id}`}>{owner.display_name}</Link> · {dateTime(image.created_at)}
        </p>
        <div className={styles.badges}>
          <Badge>{t("admin.visible_to", { who: t(`admin.value.visibility.${visibility}`) })}</Badge>
          {trashed_at !== null && <Badge>{t("admin.in_trash")}</Badge>}
          {owner.status !== "active" && <Badge tone="bad">{t(`admin.status.${owner.status}`)}</Badge>}
        </div>
        {children}
      </div>
    </article>
  );
}
