/**
 * The words of the page come in catalogues, one for each part of it, compiled when the page is built. A part's words are loaded
 * with its code, in the language of the page; a change of language loads those of all parts seen so far, then shows them at once.
 */
import { i18n, type Messages } from "@lingui/core";

import type { Language } from "./language";

/** Loads one catalogue in one language. */
export type Catalogue = Record<Language, () => Promise<{ messages: Messages }>>;

const wanted = new Set<Catalogue>();
const loaded = new Set<() => Promise<unknown>>();
/** The language asked for last, which the page may not show yet. */
let language: Language = "en";

/** Makes the words of these catalogues ready, in the language of the page. */
export async function loadWords(...catalogues: Catalogue[]): Promise<void> {
  for (const catalogue of catalogues) wanted.add(catalogue);
  await ready(language);
}

/** Shows the page in this language, once its words are there, those of `catalogues` among them. */
export async function setLanguage(next: Language, ...catalogues: Catalogue[]): Promise<void> {
  language = next;
  for (const catalogue of catalogues) wanted.add(catalogue);
  await ready(next);
  // Another language was chosen while this one was loading.
  if (next !== language) return;
  i18n.activate(next);
  document.documentElement.lang = next;
}

/** A part that comes in while the others load has its words awaited as well. */
async function ready(wantedIn: Language): Promise<void> {
  for (;;) {
    const missing = [...wanted].map((catalogue) => catalogue[wantedIn]).filter((load) => !loaded.has(load));
    if (missing.length === 0) return;
    const files = await Promise.all(missing.map((load) => load()));
    for (const { messages } of files) add(wantedIn, messages);
    for (const load of missing) loaded.add(load);
  }
}

/** Of the language that is shown, new words change nothing that is seen: the parts that use them wait for them. Nothing is drawn anew. */
function add(to: Language, messages: Messages): void {
  if (to === i18n.locale) Object.assign(i18n.messages, messages);
  else i18n.load(to, messages);
}
