/**
 * How the page looks: dark unless somebody chose light, or to follow their system. public/theme.js does the same before
 * anything is drawn, so that nobody sees the other theme flash by; tests/theme.test.ts keeps the two alike.
 */
import { useSyncExternalStore } from "react";

export type ThemeChoice = "dark" | "light" | "system";
export type Theme = "dark" | "light";

export const THEME_CHOICES: readonly ThemeChoice[] = ["dark", "light", "system"];
const THEME_KEY = "pingvas.theme";
/** What a phone paints its own bars with: --color-page of each theme. */
const THEME_COLORS: Record<Theme, string> = { dark: "#0a1018", light: "#f8f9fb" };

const systemIsLight = window.matchMedia("(prefers-color-scheme: light)");
const listeners = new Set<() => void>();
let choice: ThemeChoice = stored();

systemIsLight.addEventListener("change", () => choice === "system" && apply());
// Another tab of the same person.
window.addEventListener("storage", (event) => {
  if (event.key !== THEME_KEY) return;
  choice = stored();
  apply();
});

/** What is chosen, what that comes to now, and how to choose. */
export function useTheme(): { choice: ThemeChoice; theme: Theme; choose: (choice: ThemeChoice) => void } {
  const now = useSyncExternalStore(onThemeChange, read);
  const [chosen, theme] = now.split(" ") as [ThemeChoice, Theme];
  return { choice: chosen, theme, choose: chooseTheme };
}

export function chooseTheme(next: ThemeChoice): void {
  choice = next;
  try {
    localStorage.setItem(THEME_KEY, next);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  apply();
}

function themeOf(chosen: ThemeChoice): Theme {
  if (chosen !== "system") return chosen;
  return systemIsLight.matches ? "light" : "dark";
}

function apply(): void {
  const theme = themeOf(choice);
  document.documentElement.dataset.theme = theme;
  for (const [name, content] of [
    ["theme-color", THEME_COLORS[theme]],
    ["color-scheme", theme],
  ] as const) {
    document.querySelector(`meta[name="${name}"]`)?.setAttribute("content", content);
  }
  for (const listener of listeners) listener();
}

/** A string, so that the same state is the same value. */
function read(): string {
  return `${choice} ${themeOf(choice)}`;
}

function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(THEME_KEY) as ThemeChoice;
    return THEME_CHOICES.includes(value) ? value : "dark";
  } catch {
    return "dark";
  }
}
