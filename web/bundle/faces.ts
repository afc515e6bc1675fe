/** The faces that a font of Fontsource consists of, read from its list. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Face {
  family: string;
  weights: string;
  file: string;
  /** The code points it has, each range from its first to its last. */
  ranges: [number, number][];
}

export function facesOf(folder: string): Face[] {
  const css = readFileSync(join(folder, "wght.css"), "utf8");
  return [...css.matchAll(/@font-face \{([^}]*)\}/g)].map(([, face = ""]) => {
    const of = (pattern: RegExp) => pattern.exec(face)?.[1] ?? "";
    return {
      family: of(/font-family: '([^']*)'/),
      weights: of(/font-weight: ([^;]*);/),
      file: join(folder, of(/url\(\.\/([^)]*)\)/)),
      ranges: of(/unicode-range: ([^;]*);/)
        .split(",")
        .map(rangeFrom),
    };
  });
}

export function lacking(ranges: [number, number][], sign: string): boolean {
  const code = sign.codePointAt(0) ?? 0;
  return !ranges.some(([from, to]) => code >= from && code <= to);
}

/** As CSS writes it: `U+20-7E, U+A0`. */
export function rangeOf(ranges: [number, number][]): string {
  const joined: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((one, other) => one[0] - other[0])) {
    const last = joined.at(-1);
    if (last && from === last[1] + 1) last[1] = to;
    else joined.push([from, to]);
  }
  const hex = (code: number) => code.toString(16).toUpperCase();
  return joined.map(([from, to]) => `U+${hex(from)}${to > from ? `-${hex(to)}` : ""}`).join(", ");
}

function rangeFrom(written: string): [number, number] {
  const [from = "", to = from] = written.trim().replace("U+", "").split("-");
  return [parseInt(from, 16), parseInt(to, 16)];
}
