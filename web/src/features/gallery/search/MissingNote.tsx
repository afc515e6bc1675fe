/** What a saved search asks for and nothing has any more. */
import type { MissingOut } from "@/api/generated";
import type { Key } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";

import styles from "./Filters.module.css";

const NAMES: Partial<Record<string, Key>> = {
  tag: "picture.tags",
  model: "recipe.model",
  lora: "param.loras",
  collection: "gallery.filter.collection",
};

export function MissingNote({ missing }: { missing: readonly MissingOut[] }) {
  const { t } = useI18n();
  if (missing.length === 0) return null;
  const list = missing.map(({ field, value }) => {
    const name = NAMES[field];
    if (field === "collection" && name) return t(name);
    return t("gallery.filter.chip", { name: name ? t(name) : field, value });
  });
  return (
    <p role="note" className={styles.found}>
      {t("gallery.saved.missing", { list: list.join(", ") })}
    </p>
  );
}
