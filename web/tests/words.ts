/** Every message of the page, for tests of what the page says. */
import { setupI18n, type Messages } from "@lingui/core";

import type { Language } from "@/i18n/language";
import { translator } from "@/i18n/translate";

const files: Record<string, Record<string, string>> = import.meta.glob("../src/**/words/*.json", {
  import: "default",
  eager: true,
});

/** The catalogues of one language, by their folders. */
export function cataloguesIn(language: Language): Record<string, Record<string, string>> {
  const end = `/words/${language}.json`;
  return Object.fromEntries(
    Object.entries(files)
      .filter(([path]) => path.endsWith(end))
      .map(([path, messages]) => [path.slice("../src/".length, -end.length), messages]),
  );
}

export function translatorIn(language: Language) {
  const messages: Messages = Object.assign({}, ...Object.values(cataloguesIn(language)));
  return translator(setupI18n({ locale: language, messages: { [language]: messages } }));
}
