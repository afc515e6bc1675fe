/** How the open picture stands with others: how many like it, or that an admin lets nobody else see it, and why. */
import { useQuery } from "@tanstack/react-query";
import { EyeOffIcon } from "lucide-react";

import type { ImageDetails } from "@/api/types";
import { LikeButton } from "@/entities/image/LikeButton";
import { imageQuery } from "@/entities/image/queries";
import { useI18n } from "@/i18n/useI18n";

import styles from "./Standing.module.css";

/** Lists do not have it, so the picture is read by itself. */
export function Standing({ id }: { id: string }) {
  const { data } = useQuery(imageQuery(id));
  if (data?.hidden) return <Hidden hidden={data.hidden} />;
  if (data?.visibility !== "public") return null;
  return (
    <div>
      <LikeButton image={data} />
    </div>
  );
}

function Hidden({ hidden: { reason, words } }: { hidden: NonNullable<ImageDetails["hidden"]> }) {
  const { t } = useI18n();
  return (
    <section className={styles.note} aria-label={t("gallery.hidden")}>
      <h2 className={styles.title}>
        <EyeOffIcon size={18} />
        {t("gallery.hidden")}
      </h2>
      <p>{t("gallery.hidden_text")}</p>
      <p>{t("gallery.hidden_reason", { reason: t(`reason.${reason}`) })}</p>
      {words !== null && <p className={styles.words}>{words}</p>}
    </section>
  );
}
