/** Why a picture is reported or hidden: one of a list, and words where there are some. */
import type { ReportReason } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { TextArea } from "@/ui/Field";
import { RadioGroup } from "@/ui/RadioGroup";

import { MAX_WORDS, REASONS } from "./reasons";

interface ReasonFieldsProps {
  reason: ReportReason | null;
  words: string;
  hint?: string;
  onReason: (reason: ReportReason) => void;
  onWords: (words: string) => void;
}

export function ReasonFields({ reason, words, hint, onReason, onWords }: ReasonFieldsProps) {
  const { t } = useI18n();
  return (
    <>
      <RadioGroup
        label={t("reason.label")}
        value={reason}
        options={REASONS.map((value) => ({ value, label: t(`reason.${value}`) }))}
        onChange={onReason}
      />
      <TextArea
        label={t("reason.words")}
        hint={hint}
        rows={3}
        maxLength={MAX_WORDS}
        value={words}
        onChange={({ target }) => onWords(target.value)}
      />
    </>
  );
}
