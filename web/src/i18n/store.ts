/** The language of the page and its words. One locale file is loaded at a time. */
import type en from "./en.json";

export type Key = keyof typeof en;
export type Language = "en" | "ko";
export type Words = Record<Key, string>;

/** Keys that come as `….one` and `….other`, without that ending. */
export type PluralKey = Key extends infer K ? (K extends `${infer Base}.other` ? Base : never) : never;

interface State {
  language: Language;
  words: Words;
}

/** Each language by its own name, which is the same in every language. */
export const LANGUAGES: Record<Language, string> = { en: "English", ko: "한국어" };

const STORAGE_KEY = "pingvas.language";
const files: Record<Language, () => Promise<{ default: Words }>> = {
  en: () => import("./en.json"),
  ko: () => import("./ko.json"),
};

let state: State | null = null;
const listeners = new Set<() => void>();

/** What the person chose before, else what the browser prefers among what we have. */
export function preferredLanguage(): Language {
  const candidates = [stored(), ...navigator.languages];
  for (const candidate of candidates) {
    const language = candidate?.slice(0, 2);
    if (language === "en" || language === "ko") return language;
  }
  return "en";
}

export async function setLanguage(language: Language): Promise<void> {
  const { default: words } = await files[language]();
  state = { language, words };
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

export function readLanguage(): State {
  if (!state) throw new Error("setLanguage() comes before the first rendering");
  return state;
}

export function onLanguageChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}
