/** What another program wrote into an uploaded picture: who it is, what it used that is not here, and its texts. */
import { useQuery } from "@tanstack/react-query";

import type { ImageDetails } from "@/api/types";
import { imageQuery } from "@/entities/image/queries";
import { useI18n } from "@/i18n/useI18n";

import parameters from "./Parameters.module.css";
import styles from "./OtherProgram.module.css";

type Metadata = NonNullable<ImageDetails["metadata"]>;

/** Lists do not have it, so the picture is read by itself. */
export function OtherProgram({ id }: { id: string }) {
  const { data } = useQuery(imageQuery(id));
  return data?.metadata ? <Told metadata={data.metadata} /> : null;
}

function Told({ metadata: { tool, version, unresolved, raw } }: { metadata: Metadata }) {
  const { t } = useI18n();
  const program = [tool ?? t("gallery.other.unknown_tool"), version].filter(Boolean).join(" ");
  return (
    <section>
      <dl className={parameters.list}>
        <div className={parameters.row}>
          <dt>{t("gallery.other.made_with")}</dt>
          <dd>{program}</dd>
        </div>
        {unresolved.length > 0 && (
          <div className={parameters.row}>
            <dt>{t("gallery.other.not_here")}</dt>
            <dd>{unresolved.join(", ")}</dd>
          </div>
        )}
      </dl>
      {raw.length > 0 && (
        <details className={styles.raw}>
          <summary>{t("gallery.other.raw")}</summary>
          {raw.map(({ place, text, cut }) => (
            <figure key={place} className={styles.text}>
              <figcaption>{place}</figcaption>
              {/* It scrolls by itself, where keys are to reach it too. */}
              {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
              <pre tabIndex={0}>{text}</pre>
              {cut > 0 && <p>{t("gallery.other.cut", { n: cut })}</p>}
            </figure>
          ))}
        </details>
      )}
    </section>
  );
}
