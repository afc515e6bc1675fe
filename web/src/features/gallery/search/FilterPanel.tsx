/** Every filter with a control of its own. What is chosen is asked for at once. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { TagField } from "@/entities/image/TagField";
import { modelsQuery } from "@/entities/model/queries";
import { useI18n } from "@/i18n/useI18n";
import { Combobox } from "@/ui/Combobox";
import { TextField } from "@/ui/Field";
import { Select } from "@/ui/Select";

import { ratingText } from "./filterNames";
import styles from "./Filters.module.css";
import { isAccepted, KINDS, ORIGINS, VISIBILITIES, type Name, type Search } from "./gallerySearch";
import type { NamedCollection } from "./searchWords";

interface FilterPanelProps {
  search: Search;
  collections: readonly NamedCollection[];
  onChange: (search: Search) => void;
}

const RATINGS = ["5", "4+", "3+", "2+", "1+", "0"];

export function FilterPanel({ search, collections, onChange }: FilterPanelProps) {
  const { t } = useI18n();
  const { data } = useQuery(modelsQuery);
  const any = { value: "", label: t("gallery.filter.any") };
  const set = (name: Name) => (value: string) => onChange({ ...search, [name]: value });
  const one = (name: Name) => ({ value: search[name], onChange: set(name) });
  const named = (type: string, chosen: readonly string[]) => {
    const known = data?.items.filter(({ model_type }) => model_type === type).map(({ name }) => name) ?? [];
    return [...new Set([...chosen, ...known])].map((value) => ({ value, label: value }));
  };
  return (
    <div className={styles.panel}>
      <div className={styles.wide}>
        <TagField
          label={t("gallery.by_tags")}
          placeholder={t("gallery.by_tags_example")}
          onlyKnown
          values={search.tags}
          onChange={(tags) => onChange({ ...search, tags })}
        />
      </div>
      <Select
        label={t("gallery.filter.collection")}
        {...one("in")}
        options={[any, ...collections.map(({ id, name }) => ({ value: id, label: name }))]}
      />
      <Combobox
        label={t("recipe.model")}
        placeholder={any.label}
        none={t("gallery.filter.no_model")}
        value={search.model === "" ? null : search.model}
        options={named("checkpoint", search.model === "" ? [] : [search.model])}
        onChange={(value) => set("model")(value ?? "")}
      />
      <Combobox
        label={t("param.loras")}
        placeholder={any.label}
        none={t("gallery.filter.no_model")}
        value={search.loras[0] ?? null}
        options={named("lora", search.loras)}
        onChange={(value) => onChange({ ...search, loras: value === null ? [] : [value] })}
      />
      <Select
        label={t("param.job_type")}
        {...one("job_type")}
        options={[any, ...KINDS.map((value) => ({ value, label: t(`param.job_type.${value}`) }))]}
      />
      <Select
        label={t("gallery.filter.origin")}
        {...one("origin")}
        options={[any, ...ORIGINS.map((value) => ({ value, label: t(`gallery.filter.origin.${value}`) }))]}
      />
      <Select
        label={t("picture.rating")}
        {...one("rating")}
        options={[
          any,
          ...[...new Set([...RATINGS, ...(search.rating === "" ? [] : [search.rating])])].map((value) => ({
            value,
            label: ratingText(value, t),
          })),
        ]}
      />
      <Select
        label={t("picture.visible_to")}
        {...one("visibility")}
        options={[any, ...VISIBILITIES.map((value) => ({ value, label: t(`picture.visibility.${value}`) }))]}
      />
      <Typed label={t("gallery.filter.after")} name="after" type="date" {...one("after")} />
      <Typed label={t("gallery.filter.before")} name="before" type="date" {...one("before")} />
      <Typed label={t("gallery.filter.width")} name="width" {...one("width")} />
      <Typed label={t("gallery.filter.height")} name="height" {...one("height")} />
      <Typed label={t("recipe.seed")} name="seed" {...one("seed")} />
    </div>
  );
}

interface TypedProps {
  label: string;
  name: Name;
  type?: "date" | "text";
  value: string;
  onChange: (value: string) => void;
}

/** Asked for when it is left, or by Enter; what nobody can ask for goes back to what it was. */
function Typed({ label, name, type = "text", value, onChange }: TypedProps) {
  const [draft, setDraft] = useState<{ of: string; typed: string }>({ of: value, typed: value });
  // Another value from elsewhere, as a chip that is taken away, takes the place of what was typed.
  const typed = draft.of === value ? draft.typed : value;
  const say = (next: string) => {
    const sound = next === "" || isAccepted(name, next);
    setDraft({ of: value, typed: sound ? next : value });
    if (sound && next !== value) onChange(next);
  };
  return (
    <TextField
      label={label}
      type={type}
      inputMode={type === "date" ? undefined : "numeric"}
      autoComplete="off"
      value={typed}
      onChange={({ target }) => setDraft({ of: value, typed: target.value })}
      onBlur={() => say(typed.trim())}
      onKeyDown={(event) => {
        if (event.key === "Enter") say(typed.trim());
      }}
    />
  );
}
