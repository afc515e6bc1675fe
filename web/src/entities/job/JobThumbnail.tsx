/** A job as a small picture: what is there of it so far, else its place in line. */
import { useQuery } from "@tanstack/react-query";
import { TriangleAlertIcon } from "lucide-react";

import type { Job, Recipe } from "@/api/types";
import { imageQuery } from "@/entities/image/queries";
import { useI18n } from "@/i18n/useI18n";

import styles from "./JobThumbnail.module.css";
import { isWaiting } from "./progress";
import { LAST_PLACE } from "./statusText";

/** Words beside it say what it is. */
export function JobThumbnail({ job }: { job: Job }) {
  const { number } = useI18n();
  const { source_image } = job.parameters as Recipe;
  const source = useQuery({
    ...imageQuery(source_image ?? ""),
    enabled: source_image !== undefined && !job.image,
  });
  const preview = job.image ? undefined : job.progress?.preview_url;
  const picture = job.image ?? source.data;
  const shown = preview ?? picture?.thumbnail_url ?? picture?.file_url;
  return (
    <span className={styles.thumbnail}>
      {shown !== undefined && <img src={shown} alt="" decoding="async" className={styles.picture} />}
      {job.status === "failed" && <TriangleAlertIcon size={20} className={styles.failed} />}
      {shown === undefined && isWaiting(job) && job.position !== null && (
        <span aria-hidden="true">
          {job.position < LAST_PLACE ? number(job.position) : `${number(LAST_PLACE)}+`}
        </span>
      )}
    </span>
  );
}
