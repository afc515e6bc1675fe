/**
 * The signs of the fonts that are drawn before somebody signs in, cut out of the fonts when the page is built: letters of plain Latin,
 * and just the Hangul of the words that stand there. What else somebody may write is in the whole fonts, which come when it is drawn.
 *
 * `import "virtual:first-fonts.css"` gives the faces.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import subsetFont from "subset-font";

import { LANGUAGES } from "../src/i18n/language.ts";
import { facesOf, lacking, rangeOf, type Face } from "./faces.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const MADE = path("../node_modules/.first-fonts");
const LATIN = "../node_modules/@fontsource-variable/instrument-sans/";
const HANGUL = "../node_modules/@fontsource-variable/noto-sans-kr/";

/** Its own family before that of the whole font, whose list of faces would else ask for the whole subsets as well. */
const HANGUL_FAMILY = "Noto Sans KR First";
/** What of Latin is drawn on every page: ASCII, and the signs that sentences are set with. */
const PLAIN = `${String.fromCodePoint(...Array.from({ length: 95 }, (_, at) => 32 + at))}\u00a0·×–—‘’“”…`;

/** Hangul by when it is drawn: the name of the language stands on the English page too. */
function firstHangul(): string[][] {
  const words = [path("../src/features/account/words/ko.json"), path("../src/i18n/words/ko.json")].map(
    (file) => JSON.parse(readFileSync(file, "utf8")) as Record<string, string>,
  );
  const [account = {}, base = {}] = words;
  const names = Object.values(LANGUAGES).join("");
  const shown = (key: string) => key === "app.starting" || key.startsWith("password.");
  const rest = [
    ...Object.values(account),
    ...Object.keys(base).map((key) => (shown(key) ? base[key] : "")),
  ].join("");
  const hangul = (text: string) => [...new Set(text)].filter((sign) => /\p{Script=Hangul}/u.test(sign));
  const first = hangul(names);
  return [first, hangul(rest).filter((sign) => !first.includes(sign))];
}

async function cut(face: Face, signs: string[], family: string, name: string): Promise<string> {
  const codes = signs.map((sign) => sign.codePointAt(0) ?? 0);
  const font = await subsetFont(readFileSync(face.file), signs.join(""), { targetFormat: "woff2" });
  writeFileSync(join(MADE, name), font);
  return cssOf({ ...face, family, file: `./${name}`, ranges: codes.map((code) => [code, code]) });
}

function cssOf({ family, weights, file, ranges }: Face): string {
  return `@font-face {
  font-family: "${family}";
  font-style: normal;
  font-display: swap;
  font-weight: ${weights};
  src: url("${file}") format("woff2-variations");
  unicode-range: ${rangeOf(ranges)};
}
`;
}

async function makeFirstFonts(): Promise<string> {
  mkdirSync(MADE, { recursive: true });
  const css: string[] = [];
  for (const face of facesOf(path(LATIN))) {
    const plain = Array.from(PLAIN).filter((sign) => !lacking(face.ranges, sign));
    if (plain.length > 0) {
      css.push(await cut(face, plain, face.family, "instrument-sans-plain.woff2"));
      // Of two faces that have a sign the later one is asked, so the whole one is told not to have the plain ones.
      face.ranges = face.ranges.flatMap((range) => without(range, plain));
    }
    css.push(cssOf(face));
  }
  const groups = firstHangul();
  for (const [at, face] of facesOf(path(HANGUL)).entries()) {
    for (const [when, group] of groups.entries()) {
      const signs = group.filter((sign) => !lacking(face.ranges, sign));
      if (signs.length > 0)
        css.push(await cut(face, signs, HANGUL_FAMILY, `noto-sans-kr-first-${when}-${at}.woff2`));
    }
  }
  const file = join(MADE, "first-fonts.css");
  writeFileSync(file, css.join("\n"));
  return file;
}

function without([from, to]: [number, number], signs: string[]): [number, number][] {
  const parts: [number, number][] = [];
  let start = from;
  const codes = signs.map((sign) => sign.codePointAt(0) ?? 0).filter((code) => code >= from && code <= to);
  for (const code of codes.sort((one, other) => one - other)) {
    if (code > start) parts.push([start, code - 1]);
    start = code + 1;
  }
  if (start <= to) parts.push([start, to]);
  return parts;
}

export const firstFonts = {
  name: "first-fonts",
  resolveId: (source: string) => (source === "virtual:first-fonts.css" ? makeFirstFonts() : undefined),
};
