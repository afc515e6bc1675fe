import { memo } from "react";

import { useI18n } from "@/i18n/useI18n";
import { NumberField } from "@/ui/NumberField";

import { MAX_COUNT } from "./limits";

interface CountFieldProps {
  count: number;
  error: string | undefined;
  onChange: (part: { count: number }) => void;
}

export const CountField = memo(function CountField({ count, error, onChange }: CountFieldProps) {
  const { t } = useI18n();
  return (
    <NumberField
      label={t("create.count")}
      slider
      min={1}
      max={MAX_COUNT}
      value={count}
      error={error}
      onChange={(value) => onChange({ count: Math.min(MAX_COUNT, Math.max(1, Math.round(value))) })}
    />
  );
});
