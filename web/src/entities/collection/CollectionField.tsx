/** Where a new picture is to go. Nothing to choose from, nothing to see. */
import { useQuery } from "@tanstack/react-query";

import { useI18n } from "@/i18n/useI18n";
import { Select } from "@/ui/Select";

import { collectionChoiceQuery } from "./queries";

const NONE = "none";

interface CollectionFieldProps {
  chosen: string | null;
  error?: string | undefined;
  onChange: (id: string | null) => void;
}

export function CollectionField({ chosen, error, onChange }: CollectionFieldProps) {
  const { t } = useI18n();
  const { data } = useQuery(collectionChoiceQuery);
  const there = data?.items ?? [];
  if (there.length === 0 && chosen === null) return null;
  // One that is not there any more is told by the server when it is asked for; it can be given up here before that.
  const gone = chosen !== null && data !== undefined && !there.some(({ id }) => id === chosen);
  return (
    <Select
      label={t("collection.goes_into")}
      value={chosen ?? NONE}
      error={gone ? t("collection.gone") : error}
      options={[
        { value: NONE, label: t("collection.goes_nowhere") },
        ...there.map(({ id, name }) => ({ value: id, label: name })),
      ]}
      onChange={(value) => onChange(value === NONE ? null : value)}
    />
  );
}
