/** All pictures of a person, newest first, and the viewer above them. Which picture is open stands in the address. */
import { Trash2Icon } from "lucide-react";
import { Link, useSearchParams } from "react-router";

import { TagField } from "@/entities/image/TagField";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { Segmented } from "@/ui/RadioGroup";
import { Empty } from "@/ui/States";

import styles from "./GalleryPage.module.css";
import { Pictures } from "./Pictures";

export function GalleryPage() {
  const { t } = useI18n();
  const [query, setQuery] = useSearchParams();
  const favorite = query.get("show") === "favorites";
  const tags = query.getAll("tag");

  const change = (name: "show", value: string | null, replace: boolean) =>
    setQuery(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === null) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace, preventScrollReset: true },
    );
  const filterBy = (names: string[]) =>
    setQuery(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete("tag");
        for (const name of names) next.append("tag", name);
        return next;
      },
      { preventScrollReset: true },
    );
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t("gallery.title")}</h1>
        <Segmented
          label={t("gallery.show")}
          value={favorite ? "favorites" : "all"}
          options={[
            { value: "all", label: t("gallery.all") },
            { value: "favorites", label: t("gallery.favorites") },
          ]}
          onChange={(value) => change("show", value === "all" ? null : value, true)}
        />
        <Link to="/trash" className={buttonClass("quiet", { small: true })}>
          <Trash2Icon size={16} />
          {t("gallery.trash")}
        </Link>
      </header>
      <TagField
        label={t("gallery.by_tags")}
        placeholder={t("gallery.by_tags_example")}
        onlyKnown
        values={tags}
        onChange={filterBy}
      />
      <Pictures
        filter={{ favorite, tags }}
        nothing={<Nothing favorite={favorite} tagged={tags.length > 0} />}
      />
    </div>
  );
}

function Nothing({ favorite, tagged }: { favorite: boolean; tagged: boolean }) {
  const { t } = useI18n();
  if (tagged) return <Empty title={t("gallery.none_tagged_title")} text={t("gallery.none_tagged_text")} />;
  return favorite ? (
    <Empty title={t("gallery.no_favorites_title")} text={t("gallery.no_favorites_text")} />
  ) : (
    <Empty title={t("gallery.empty_title")} text={t("gallery.empty_text")}>
      <Link to="/create" className={buttonClass("primary")}>
        {t("gallery.empty_action")}
      </Link>
    </Empty>
  );
}
