/** Tags in a field, with those that the person uses already offered while typing. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useI18n } from "@/i18n/useI18n";
import { ChipsField, type ChipOption } from "@/ui/ChipsField";

import { MAX_TAGS, tagOf, tagsQuery } from "./tags";

interface TagFieldProps {
  label: string;
  hint?: string;
  error?: string | undefined;
  placeholder?: string;
  values: readonly string[];
  /** Only words that are in use: for finding. */
  onlyKnown?: boolean;
  onChange: (values: string[]) => void;
}

export function TagField({ values, onlyKnown = false, onChange, ...text }: TagFieldProps) {
  const { t, number } = useI18n();
  const [typed, setTyped] = useState("");
  const { data, isPlaceholderData } = useQuery(tagsQuery(typed));
  const taken = new Set(values);
  const made = tagOf(typed);
  // Until the answer for these letters is there, of the one before only what has them: Enter takes what is read first.
  const fits = (name: string) => !isPlaceholderData || name.includes(made);
  const known = (data?.items ?? []).filter(({ name }) => !taken.has(name) && fits(name));
  const full = values.length >= MAX_TAGS;
  const isNew = made !== "" && !taken.has(made) && known.every(({ name }) => name !== made);
  const options: ChipOption[] = known.map(({ name, usage_count }) => ({
    value: name,
    label: name,
    aside: number(usage_count),
  }));
  if (isNew && !onlyKnown) options.push({ value: made, label: t("tag.make", { name: made }) });
  return (
    <ChipsField
      {...text}
      values={values}
      options={full ? [] : options}
      none={t(full ? "tag.full" : onlyKnown || typed !== "" ? "tag.none" : "tag.first")}
      removeLabel={(name) => t("tag.remove", { name })}
      onType={setTyped}
      endedBy={(next) => {
        const ended = tagOf(next);
        return onlyKnown || full || taken.has(ended) ? null : ended;
      }}
      onChange={onChange}
    />
  );
}
