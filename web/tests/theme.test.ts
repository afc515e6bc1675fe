import { beforeEach, describe, expect, test, vi } from "vitest";

import early from "../public/theme.js?raw";
import page from "../index.html?raw";

const SYSTEMS = [true, false];
const CHOICES = ["dark", "light", "system", null, "purple"];

function given(chosen: string | null, systemIsLight: boolean): void {
  localStorage.clear();
  if (chosen !== null) localStorage.setItem("pingvas.theme", chosen);
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: query === "(prefers-color-scheme: light)" && systemIsLight,
    addEventListener: () => undefined,
  }));
  document.documentElement.removeAttribute("data-theme");
  document.head.innerHTML = page.slice(page.indexOf("<meta"), page.indexOf("<title>"));
}

/** The file itself, as the browser runs it. */
function runEarly(): void {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- it is no module and is not to become one
  (new Function(early) as () => void)();
}

function shown() {
  const content = (name: string) => document.querySelector(`meta[name="${name}"]`)?.getAttribute("content");
  return [document.documentElement.dataset.theme, content("color-scheme"), content("theme-color")];
}

describe("the theme", () => {
  beforeEach(() => vi.resetModules());

  test.each(CHOICES.flatMap((chosen) => SYSTEMS.map((light) => [chosen, light] as const)))(
    "is the same before the page runs and after, for the choice %s and a light system: %s",
    async (chosen, systemIsLight) => {
      given(chosen, systemIsLight);
      runEarly();
      const before = shown();

      const { chooseTheme, THEME_CHOICES } = await import("@/ui/theme");
      const known = THEME_CHOICES.find((choice) => choice === chosen) ?? "dark";
      chooseTheme(known);

      expect(shown()).toEqual(before);
      expect(before[0]).toBe(known === "system" ? (systemIsLight ? "light" : "dark") : known);
    },
  );

  test("is dark unless somebody chose otherwise", () => {
    given(null, true);
    runEarly();

    expect(shown()[0]).toBe("dark");
  });

  test("is remembered", async () => {
    given(null, false);
    const { chooseTheme } = await import("@/ui/theme");

    chooseTheme("light");

    expect(localStorage.getItem("pingvas.theme")).toBe("light");
  });
});
