/** One field for words and for what they stand for: whole filters in it become chips. */
import { useEffect, useRef, useState } from "react";

import { useI18n } from "@/i18n/useI18n";
import { TextField } from "@/ui/Field";

import type { Search } from "./gallerySearch";
import { takeFilters, type NamedCollection } from "./searchWords";

const PAUSE_MS = 300;

interface SearchFieldProps {
  search: Search;
  collections: readonly NamedCollection[];
  onChange: (search: Search) => void;
  unseenLabel: boolean;
}

export function SearchField({ search, collections, onChange, unseenLabel }: SearchFieldProps) {
  const { t } = useI18n();
  const [typed, setTyped] = useState(search.q);
  // What the address said last: another one, as after going back, is what stands in the field.
  const said = useRef(search.q);
  useEffect(() => {
    if (search.q === said.current) return;
    said.current = search.q;
    setTyped(search.q);
  }, [search.q]);

  const say = (toTheEnd: boolean) => {
    const { left, search: found } = takeFilters(typed, search, collections, toTheEnd);
    const q = left.trim();
    if (found === search && q === search.q) return;
    said.current = q;
    setTyped(toTheEnd ? q : left);
    onChange({ ...found, q });
  };
  const latest = useRef(say);
  useEffect(() => {
    latest.current = say;
  });
  useEffect(() => {
    const timer = window.setTimeout(() => latest.current(false), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [typed]);

  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        say(true);
      }}
    >
      <TextField
        label={t("gallery.search")}
        unseenLabel={unseenLabel}
        placeholder={t("gallery.search_example")}
        type="search"
        enterKeyHint="search"
        autoComplete="off"
        spellCheck={false}
        maxLength={300}
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
      />
    </form>
  );
}
