/** The picture that this one was made from: a way back to it while it is there. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { asProblem } from "@/api/problem";
import { imageQuery } from "@/entities/image/queries";
import { useI18n } from "@/i18n/useI18n";

import styles from "./MadeFrom.module.css";

export function MadeFrom({ id }: { id: string }) {
  const { t } = useI18n();
  const { data, error } = useQuery(imageQuery(id));
  if (error && asProblem(error).status === 404)
    return <p className={styles.gone}>{t("gallery.made_from_gone")}</p>;
  if (!data) return null;
  return (
    <Link to={`/gallery?view=${id}`} className={styles.link}>
      <img src={data.thumbnail_url ?? data.file_url} alt="" />
      {t(data.trashed_at === null ? "gallery.made_from" : "gallery.made_from_trashed")}
    </Link>
  );
}
