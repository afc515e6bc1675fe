/** The pictures that this one was made from and those made of it, and others of the same words: rows of small pictures that lead to each. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { getImageLineageOptions } from "@/api/generated/@tanstack/react-query.gen";
import type { Image, Lineage as Found } from "@/api/types";
import { useUnseen } from "@/entities/image/deletions";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { useI18n } from "@/i18n/useI18n";

import styles from "./Lineage.module.css";

type Row = { image: Image; note: string | null }[];

export function Lineage({ id }: { id: string }) {
  const { t } = useI18n();
  // Somebody else's picture has none that one may see.
  const { data } = useQuery({ ...getImageLineageOptions({ path: { image_id: id } }), retry: false });
  if (!data) return null;
  const back = earlier(id, data).map(({ image, generation, role }) => ({
    image,
    note: generation < -1 ? t("gallery.lineage.back", { n: -generation }) : role && t(`gallery.role.${role}`),
  }));
  const on = data.made_of_it.map(({ image, generation }) => ({
    image,
    note: generation > 1 ? t("gallery.lineage.on", { n: generation }) : null,
  }));
  // Each stands once, by what says most of it.
  const named = new Set([...data.made_from, ...data.made_of_it].map(({ image }) => image.id));
  const others = data.same_prompt.filter((image) => !named.has(image.id));
  return (
    <>
      <Pictures title={t("gallery.lineage.made_from")} row={back} />
      <Pictures title={t("gallery.lineage.made_of_it")} row={on} />
      <Pictures
        title={t("gallery.lineage.same_prompt")}
        row={others.map((image) => ({ image, note: null }))}
      />
      {data.more && <p className={styles.more}>{t("gallery.lineage.more")}</p>}
    </>
  );
}

/** A row of small pictures, each with what is said of it; nothing where there are none. */
export function Pictures({ title, row }: { title: string; row: Row }) {
  const i18n = useI18n();
  const unseen = useUnseen();
  const shown = row.filter(({ image }) => !unseen.has(image.id));
  if (shown.length === 0) return null;
  return (
    <section className={styles.part}>
      <h2>{title}</h2>
      <ul className={styles.row}>
        {shown.map(({ image, note }) => {
          const words = pictureTitle(image.generation_params, i18n);
          return (
            <li key={image.id}>
              <Link to={`/gallery?view=${image.id}`} className={styles.picture} title={words}>
                <img src={image.thumbnail_url ?? image.file_url} alt={words} loading="lazy" />
                {note !== null && <span>{note}</span>}
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** All but the picture it started from, which stands by itself; how a parent was used is told of each. */
function earlier(id: string, { made_from, links }: Found) {
  return made_from.flatMap(({ image, generation }) => {
    const roles = links.filter((link) => link.image_id === id && link.source_id === image.id);
    if (generation === -1 && roles.every(({ role }) => role === "source")) return [];
    return [{ image, generation, role: roles.find(({ role }) => role !== "source")?.role ?? null }];
  });
}
