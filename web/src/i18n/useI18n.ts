import { useLingui } from "@lingui/react";

import { translator, type Translator } from "./translate";

/** One for all components: what formats numbers and times is slow to make. */
const translators = new WeakMap<object, Translator>();

/** The words of the page's language; components that use it follow a change of language. */
export function useI18n(): Translator {
  // Another object each time that words came in or the language changed, which its `i18n` is not.
  const context = useLingui();
  const made = translators.get(context) ?? translator(context.i18n);
  translators.set(context, made);
  return made;
}
