/** A picture over the one it was made from, up to a line that is moved. */
import { useQuery } from "@tanstack/react-query";
import { useState, type CSSProperties } from "react";

import type { Image } from "@/api/types";
import { imageQuery } from "@/entities/image/queries";
import { useI18n } from "@/i18n/useI18n";
import { Failed, Loading } from "@/ui/States";

import styles from "./BeforeAfter.module.css";

export function BeforeAfter({ source, image, title }: { source: string; image: Image; title: string }) {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery(imageQuery(source));
  const [line, setLine] = useState(50);
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading label={t("gallery.loading")} />;
  const shape = { "--width": image.width, "--height": image.height, "--line": `${line}%` } as CSSProperties;
  return (
    <div className={styles.both} style={shape}>
      <img src={data.file_url} alt={t("gallery.before")} draggable={false} />
      <img src={image.file_url} alt={title} draggable={false} className={styles.after} />
      <span className={styles.line} />
      <input
        type="range"
        min={0}
        max={100}
        value={line}
        aria-label={t("gallery.before_after_line")}
        className={styles.range}
        onChange={(event) => setLine(Number(event.target.value))}
      />
    </div>
  );
}
