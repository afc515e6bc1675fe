/**
 * What is asked for while the page itself is still on its way: index.html names the files of each part, and `public/ahead.js` asks for
 * those that will be shown. Without it a browser would learn of them only from the script that needs them.
 */
import { join } from "node:path";

import type { Plugin, Rolldown } from "vite";

/** The modules of each part. Words are folders, of which the file in the language of the page is taken. */
const PARTS = {
  out: ["features/account/AuthPages.tsx", "i18n/words", "features/account/words"],
  in: [
    "app/SignedIn.tsx",
    ...["i18n", "entities", "features/account", "features/notices", "features/tray"].map(wordsOf),
  ],
  "/create": ["app/CreatePage.tsx", ...["features/create", "features/queue"].map(wordsOf)],
  "/gallery": ["app/GalleryPages.tsx", wordsOf("features/gallery")],
  "/credits": ["app/BillingPages.tsx", wordsOf("features/billing")],
};
/** Drawn on every page, and else found only when its faces are read. */
const FONT = /\/instrument-sans-plain-[^/]*\.woff2$/;

function wordsOf(folder: string): string {
  return `${folder}/words`;
}

export const ahead = {
  name: "ahead",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle, chunk }) {
      if (!bundle || !chunk) return;
      const already = new Set(filesOf(chunk, bundle));
      const names: string[] = [];
      // Many parts need the same file; it is named once, and then goes by its place.
      const placeOf = (file: string) => (names.includes(file) ? names.indexOf(file) : names.push(file) - 1);
      const partsIn = (language: string) =>
        Object.fromEntries(
          Object.entries(PARTS).map(([part, modules]) => {
            const chunks = modules.map((name) => chunkOf(name, language, bundle));
            const files = new Set(chunks.flatMap((found) => filesOf(found, bundle)));
            return [part, [...files].filter((file) => !already.has(file)).map(placeOf)];
          }),
        );
      const parts = { en: partsIn("en"), ko: partsIn("ko") };
      const list = JSON.stringify({ names, parts }).replaceAll('"', "&quot;");
      const font = Object.keys(bundle).find((name) => FONT.test(name));
      if (!font) throw new Error("bundle/ahead.ts looks for a font that the page does not have");
      return {
        // The script waits for what is drawn first: the styles and the font of the words that stand in index.html.
        html: html
          .replace("%PARTS%", list)
          .replace(/<script type="module"|<link rel="modulepreload"/g, '$& fetchpriority="low"'),
        tags: [
          {
            tag: "link",
            attrs: { rel: "preload", as: "font", type: "font/woff2", href: `/${font}`, crossorigin: true },
            injectTo: "head",
          },
        ],
      };
    },
  },
} satisfies Plugin;

function chunkOf(name: string, language: string, bundle: Rolldown.OutputBundle): Rolldown.OutputChunk {
  const module = name.endsWith("/words") ? `${name}/${language}.json` : name;
  const found = Object.values(bundle).find(
    (file): file is Rolldown.OutputChunk =>
      file.type === "chunk" && file.facadeModuleId?.split("?")[0]?.endsWith(join("/src", module)) === true,
  );
  if (!found) throw new Error(`bundle/ahead.ts names ${module}, which is no part of the page`);
  return found;
}

/** A chunk with all that it needs, styles first. */
function filesOf(
  chunk: Rolldown.OutputChunk,
  bundle: Rolldown.OutputBundle,
  seen = new Set<string>(),
): string[] {
  if (seen.has(chunk.fileName)) return [];
  seen.add(chunk.fileName);
  const needed = chunk.imports.flatMap((name) => {
    const file = bundle[name];
    return file?.type === "chunk" ? filesOf(file, bundle, seen) : [];
  });
  return [...(chunk.viteMetadata?.importedCss ?? []), ...needed, chunk.fileName];
}
