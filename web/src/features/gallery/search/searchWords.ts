/** Words of the search field that say more than words: `model:flux`, `is:favorite`. Whatever is none of them stays a word. */
import { tagOf } from "@/entities/image/tags";

import { isAccepted, ORIGINS, VISIBILITIES, type Name, type Search } from "./gallerySearch";

export interface NamedCollection {
  id: string;
  name: string;
}

const WORD = /(?<=^|\s)([a-z]+):(?:"([^"]*)"|([^\s"]+))(?=\s|$)/gi;
/** Those that are a filter as they are written. */
const SAME: readonly Name[] = ["model", "seed", "rating", "before", "after"];

/** Takes out of what is typed the words that are filters. `toTheEnd`: the last one is complete as well, though nothing follows it. */
export function takeFilters(
  typed: string,
  search: Search,
  collections: readonly NamedCollection[],
  toTheEnd: boolean,
): { left: string; search: Search } {
  let found = search;
  const left = typed.replace(
    WORD,
    (word, key: string, quoted: string | undefined, plain: string, at: number) => {
      const value = (quoted ?? plain).trim();
      if (value === "" || (!toTheEnd && at + word.length === typed.length)) return word;
      const next = filterBy(key.toLowerCase(), value, found, collections);
      if (next === null) return word;
      found = next;
      return "";
    },
  );
  return { left: found === search ? typed : left.replace(/\s+/g, " ").trimStart(), search: found };
}

/** The search with one more filter; null: it is none. */
function filterBy(
  key: string,
  value: string,
  search: Search,
  collections: readonly NamedCollection[],
): Search | null {
  const same = SAME.find((name) => name === key);
  if (same !== undefined) return isAccepted(same, value) ? { ...search, [same]: value } : null;
  switch (key) {
    case "tag": {
      const tag = tagOf(value);
      return tag === "" ? null : { ...search, tags: [...new Set([...search.tags, tag])] };
    }
    case "lora":
      return isAccepted("model", value) ? { ...search, loras: [...new Set([...search.loras, value])] } : null;
    case "is":
      return filterByState(value.toLowerCase(), search);
    case "in": {
      const collection = collectionCalled(value, collections);
      return collection ? { ...search, in: collection.id } : null;
    }
    default:
      return null;
  }
}

function filterByState(value: string, search: Search): Search | null {
  if (value === "favorite") return { ...search, favorite: true };
  if (ORIGINS.some((origin) => origin === value)) return { ...search, origin: value };
  if (VISIBILITIES.some((visibility) => visibility === value)) return { ...search, visibility: value };
  return null;
}

/** The one of this name, or the only one whose name begins so. */
function collectionCalled(
  value: string,
  collections: readonly NamedCollection[],
): NamedCollection | undefined {
  const typed = folded(value);
  const same = collections.find(({ name }) => folded(name) === typed);
  const beginning = collections.filter(({ name }) => folded(name).startsWith(typed));
  return same ?? (beginning.length === 1 ? beginning[0] : undefined);
}

function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
