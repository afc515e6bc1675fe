/** Which languages there are, and which one the person reads. */
export type Language = "en" | "ko";

/** Each language by its own name, which is the same in every language. */
export const LANGUAGES: Record<Language, string> = { en: "English", ko: "한국어" };

const STORAGE_KEY = "pingvas.language";

/** What the person chose before, else what the browser prefers among what we have. */
export function preferredLanguage(): Language {
  const candidates = [stored(), ...navigator.languages];
  for (const candidate of candidates) {
    const language = candidate?.slice(0, 2);
    if (language === "en" || language === "ko") return language;
  }
  return "en";
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}
