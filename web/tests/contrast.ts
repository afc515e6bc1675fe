/** The contrast of two colors as WCAG computes it, from the OKLCH values of the tokens. */

export interface Color {
  lightness: number;
  /** Linear, from 0 to 1: red, green, blue. */
  rgb: [number, number, number];
}

/** The value of `--color-<name>` in a theme: the dark one's, unless the light one has its own. */
export function readTokens(css: string, theme: "dark" | "light"): (name: string) => Color {
  const dark = blockOf(css, ":root {");
  const light = blockOf(css, ':root[data-theme="light"] {');
  return (name) => {
    const line = new RegExp(`--color-${name}:\\s*oklch\\(([^)]*)\\)`);
    const value = (theme === "light" ? line.exec(light) : null) ?? line.exec(dark);
    if (!value?.[1]) throw new Error(`--color-${name} is no token`);
    const [lightness, chroma, hue, alpha = 1] = value[1].split(/[\s/]+/).map(Number) as [
      number,
      number,
      number,
      number?,
    ];
    const rgb = linear(lightness, chroma, hue).map((part) => overWhite(part, alpha));
    return { lightness, rgb: rgb as Color["rgb"] };
  };
}

export function contrast(one: Color, other: Color): number {
  const [brighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (brighter + 0.05) / (darker + 0.05);
}

function luminance({ rgb: [red, green, blue] }: Color): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Something one can see through lies on a picture, and the worst of those is white. Browsers mix what is encoded. */
function overWhite(part: number, alpha: number): number {
  if (alpha === 1) return part;
  const encoded = part <= 0.0031308 ? part * 12.92 : 1.055 * part ** (1 / 2.4) - 0.055;
  const mixed = encoded * alpha + (1 - alpha);
  return mixed <= 0.04045 ? mixed / 12.92 : ((mixed + 0.055) / 1.055) ** 2.4;
}

/** OKLCH to linear sRGB, cut off where a screen has no such color. */
function linear(lightness: number, chroma: number, hue: number): number[] {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((part) => Math.min(1, Math.max(0, part)));
}

function blockOf(css: string, start: string): string {
  const from = css.indexOf(start);
  return css.slice(from, css.indexOf("\n}", from));
}
