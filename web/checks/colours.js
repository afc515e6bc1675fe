/** Checks that no stylesheet has a colour of its own: all of them stand in `ui/styles/tokens.css` and are used by name. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const SOURCE = join(import.meta.dirname, "..", "src");
const OWN_COLOURS = new Set([
  join("ui", "styles", "tokens.css"),
  // A drawn landscape: a picture, the same in every theme.
  join("ui", "Horizon.module.css"),
]);

const WRITTEN = /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color)a?\(/i;
/** `transparent` and `currentColor` are none. */
const NAMED =
  /(?<![\w-])(?:aqua|beige|black|blue|brown|coral|crimson|cyan|fuchsia|gold|gr[ae]y|green|indigo|ivory|khaki|lime|magenta|maroon|navy|olive|orange|orchid|pink|plum|purple|red|salmon|silver|tan|teal|tomato|turquoise|violet|white|yellow)(?![\w-])/i;

let found = 0;
const sheets = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".css"),
);
for (const name of sheets.filter((sheet) => !OWN_COLOURS.has(sheet))) {
  const file = join(SOURCE, name);
  const text = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\//g, (comment) =>
    comment.replace(/[^\n]/g, " "),
  );
  for (const { 0: declaration, 1: property, 2: value, index } of text.matchAll(
    /([\w-]+)\s*:\s*([^;{}]+)[;}]/g,
  )) {
    // A mask's black says what is seen, not in which colour.
    if (property.startsWith("mask") || !(WRITTEN.test(value) || NAMED.test(value))) continue;
    found += 1;
    const line = text.slice(0, index).split("\n").length;
    console.error(`${relative(process.cwd(), file)}:${line}: a colour that is no token: ${declaration}`);
  }
}
process.exitCode = found > 0 ? 1 : 0;
