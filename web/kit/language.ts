/** The words of the kit itself, in both languages; those of the primitives come from where the page has them. */
import { setLanguage } from "@/i18n/catalogues";
import { preferredLanguage, type Language } from "@/i18n/language";
import { useI18n } from "@/i18n/useI18n";
import { baseWords } from "@/i18n/words";

import { WORDS, type Word } from "./words";

export async function startLanguage(asked: string | null): Promise<void> {
  await setLanguage(asked === "en" || asked === "ko" ? asked : preferredLanguage(), baseWords);
}

export function speak(language: Language): void {
  void setLanguage(language);
}

export function useWords(): { w: (word: Word) => string; language: Language } {
  const { language } = useI18n();
  return { language, w: (word) => WORDS[word][language === "en" ? 0 : 1] };
}
