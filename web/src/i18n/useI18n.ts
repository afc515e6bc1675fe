import { useMemo, useSyncExternalStore } from "react";

import { onLanguageChange, readLanguage } from "./store";
import { translator, type Translator } from "./translate";

/** The words of the page's language; components that use it follow a change of language. */
export function useI18n(): Translator {
  const { language, words } = useSyncExternalStore(onLanguageChange, readLanguage);
  return useMemo(() => translator(language, words), [language, words]);
}
