import { memo } from "react";

import { useI18n } from "@/i18n/useI18n";
import { TextArea } from "@/ui/Field";

import { PromptHelp } from "./PromptHelp";

interface WordsFieldProps {
  name: "prompt" | "negative_prompt";
  text: string;
  error: string | undefined;
  onChange: (part: { prompt?: string; negative_prompt?: string }) => void;
}

const EXAMPLES = { prompt: "create.prompt_example", negative_prompt: "create.negative_example" } as const;
const HELP = <PromptHelp />;

/** One of the two texts. While one writes in it, the other one is not drawn again. */
export const WordsField = memo(function WordsField({ name, text, error, onChange }: WordsFieldProps) {
  const { t } = useI18n();
  return (
    <TextArea
      label={t(`recipe.${name}`)}
      rows={name === "prompt" ? 4 : 1}
      value={text}
      placeholder={t(EXAMPLES[name])}
      error={error}
      aside={name === "prompt" ? HELP : undefined}
      onChange={(event) => onChange({ [name]: event.target.value })}
    />
  );
});
