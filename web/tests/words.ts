/** Every message of the page, for tests of what the page says. */
import { setupI18n, type Messages } from "@lingui/core";

import type { Language } from "@/i18n/language";
import { translator } from "@/i18n/translate";

const files: Record<string, Messages> = import.meta.glob("../src/**/words/*.json", {
  import: "default",
  eager: true,
});

export function messagesIn(language: Language): Messages {
  const catalogues = Object.entries(files).filter(([path]) => path.endsWith(`/words/${language}.json`));
  return Object.fromEntries(catalogues.flatMap(([, messages]) => Object.entries(messages)));
}

export function translatorIn(language: Language) {
  return translator(setupI18n({ locale: language, messages: { [language]: messagesIn(language) } }));
}
