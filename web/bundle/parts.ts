/**
 * How the page is laid into files. What the first script needs comes with it; then what the ways in need, what the frame of the studio
 * needs beside it, and what its pages share beside that: a few files, each asked for by who needs it. What one page alone needs comes
 * with that page. Each part rests on the ones before it only, so none waits for one that waits for it.
 */
import type { Rolldown } from "vite";

type Context = Rolldown.ChunkingContext;

const WAYS_IN = "/src/features/account/AuthPages.tsx";
const FRAME = "/src/app/SignedIn.tsx";

const reached = new Map<string, Set<string>>();

/** Everything that a module imports at once, by itself or through others. */
function reachedFrom(root: string, context: Context): Set<string> {
  const known = reached.get(root);
  if (known) return known;
  const found = new Set([root]);
  for (const id of found) for (const next of context.getModuleInfo(id)?.importedIds ?? []) found.add(next);
  reached.set(root, found);
  return found;
}

/** Words come in one language each, and the list of the Korean font's faces when Korean is drawn. */
const isCode = (id: string) => !/\.json\?lingui|noto-sans-kr/.test(id);

export function parts(root: string): Rolldown.CodeSplittingOptions {
  const nameOf = (id: string, context: Context) => {
    if (reachedFrom(root + WAYS_IN, context).has(id)) return "way-in";
    return reachedFrom(root + FRAME, context).has(id) ? "frame" : "pages";
  };
  return {
    includeDependenciesRecursively: false,
    groups: [
      { name: "start", tags: ["$initial"], priority: 2 },
      { name: nameOf, test: isCode, minShareCount: 2 },
    ],
  };
}
