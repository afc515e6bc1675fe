import { readdirSync, readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { contrast, readTokens } from "./contrast";

// From the disk: imported as modules, style sheets are empty here.
const read = (path: string) => readFileSync(path, "utf8");
const tokens = read("src/ui/styles/tokens.css");
const components = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".css") && !path.endsWith("tokens.css"))
  .map((path) => `src/${path}`)
  .map((path) => [path, read(path)] as const);

const SURFACES = ["sunken", "page", "raised", "control", "active"];
const SOFT = ["accent-soft", "info-soft", "good-soft", "warn-soft", "bad-soft"];
const WORDS = ["text", "text-soft", "text-faint", "accent-text", "info", "good", "warn", "bad"];
/** What WCAG AA asks of words, and of what shows where a control is and that it has the focus. */
const OF_WORDS = 4.5;
const OF_SIGNS = 3;

describe.each(["dark", "light"] as const)("the colors of the %s theme", (theme) => {
  const color = readTokens(tokens, theme);

  test.each(SURFACES.flatMap((surface) => WORDS.map((word) => [word, surface] as const)))(
    "%s can be read on %s",
    (word, surface) => {
      expect(contrast(color(word), color(surface))).toBeGreaterThanOrEqual(OF_WORDS);
    },
  );

  test.each([
    ["on-accent", "accent"],
    ["on-accent", "accent-strong"],
    ["on-inverse", "inverse"],
    ["on-overlay", "overlay"],
    ["accent", "overlay"],
    ["text", "selection"],
    ...SOFT.map((surface) => ["text", surface]),
    ["accent-text", "accent-soft"],
    ["info", "info-soft"],
    ["good", "good-soft"],
    ["warn", "warn-soft"],
  ] as [string, string][])("%s can be read on %s", (word, surface) => {
    expect(contrast(color(word), color(surface))).toBeGreaterThanOrEqual(OF_WORDS);
  });

  test.each(
    ["sunken", "page", "raised"].flatMap((surface) =>
      ["edge", "line-strong", "focus", "accent-text", "bad"].map((sign) => [sign, surface] as const),
    ),
  )("%s can be made out on %s", (sign, surface) => {
    expect(contrast(color(sign), color(surface))).toBeGreaterThanOrEqual(OF_SIGNS);
  });

  test("lift each surface a step off the one below", () => {
    const light = SURFACES.map((surface) => color(surface).lightness);
    const steps = theme === "dark" ? light : [light[4], light[3], light[0], light[1], light[2]];

    expect(steps).toEqual([...steps].sort((a, b) => Number(a) - Number(b)));
  });
});

describe("the styles of components", () => {
  test.each(components)("%s has no color of its own", (_, sheet) => {
    const values = sheet.replace(/\/\*[^]*?\*\//g, "").replace(/#000\b|#0000\b/g, "");

    // Black and clear in a mask are no colors: they say what is seen.
    expect(values.match(/#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|lab|lch|color|hwb)\(/gi)).toBeNull();
  });

  test.each(components)("%s uses tokens that there are", (_, sheet) => {
    const known = new Set([...tokens.matchAll(/^\s*(--[\w-]+):/gm)].map(([, name]) => name));
    const colors = [
      ...sheet.matchAll(/var\((--(?:color|art|elevation|text|space|radius|layer|weight)-[\w-]+)/g),
    ];

    expect(colors.map(([, name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });
});
