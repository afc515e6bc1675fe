import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Person } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Combobox } from "@/ui/Combobox";

import { peopleQuery, personQuery } from "./queries";
import { usePaused } from "./usePaused";

interface PersonFieldProps {
  label: string;
  /** An id, or null: anybody. */
  value: string | null;
  onChange: (id: string | null) => void;
}

/** Somebody, found by part of an address, a name or a handle. */
export function PersonField({ label, value, onChange }: PersonFieldProps) {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  const q = usePaused(typed.trim().slice(0, 200));
  const { data: found } = useInfiniteQuery(peopleQuery(q === "" ? {} : { q }));
  const { data: chosen } = useQuery({ ...personQuery(value ?? ""), enabled: value !== null });
  const people: Person[] = found?.pages[0]?.items ?? [];
  // Whoever is chosen stays among them, whatever is typed.
  const all = chosen && !people.some(({ id }) => id === chosen.id) ? [chosen, ...people] : people;
  return (
    <Combobox
      label={label}
      placeholder={t("admin.anybody")}
      none={t("admin.nobody")}
      value={value}
      options={all.map(({ id, email, display_name }) => ({ value: id, label: email ?? display_name }))}
      onType={setTyped}
      onChange={onChange}
    />
  );
}
