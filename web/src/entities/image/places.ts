/**
 * What is known of a long list of which only some pages are held: of each picture its id, its proportions and when it was made, so that it
 * keeps its place; the picture itself where its page is held.
 */
import type { Pages } from "@/api/pages";
import type { Image, ImagePage } from "@/api/types";

export interface Place {
  id: string;
  /** Width by height. */
  ratio: number;
  at: string;
  /** The cursor of its page. */
  page: string;
  image: Image | undefined;
}

interface KnownPage {
  places: readonly Place[];
  next: string | null;
}

export interface Book {
  data: Pages<ImagePage> | undefined;
  pages: ReadonlyMap<string, KnownPage>;
  /** All pages, in order, as far as one leads to the next. */
  places: readonly Place[];
  /** The cursor behind the last of them; null: there are no more. */
  next: string | null;
}

export const EMPTY_BOOK: Book = { data: undefined, pages: new Map(), places: [], next: null };

export function written(book: Book, data: Pages<ImagePage> | undefined): Book {
  if (data === undefined) return { ...EMPTY_BOOK, data };
  const pages = new Map(book.pages);
  const held = new Set(data.pageParams);
  for (const cursor of book.data?.pageParams ?? []) {
    const known = pages.get(cursor ?? "");
    if (!held.has(cursor) && known)
      pages.set(cursor ?? "", { ...known, places: known.places.map(withoutImage) });
  }
  data.pages.forEach(({ items, next_cursor }, n) => {
    const cursor = data.pageParams[n] ?? "";
    pages.set(cursor, { places: items.map((image) => placeOf(image, cursor)), next: next_cursor });
  });
  return { data, pages, ...chained(pages, data) };
}

function chained(
  pages: ReadonlyMap<string, KnownPage>,
  data: Pages<ImagePage>,
): Pick<Book, "places" | "next"> {
  // A first page that does not lead to what is held any more is another list by now.
  const whole = chain(pages, "");
  const held = data.pageParams[0] ?? "";
  return whole.cursors.has(held) ? whole : chain(pages, held);
}

function chain(pages: ReadonlyMap<string, KnownPage>, first: string) {
  const places: Place[] = [];
  const cursors = new Set<string>();
  // A picture that moved on between two readings is there once.
  const ids = new Set<string>();
  let next: string | null = first;
  while (next !== null && !cursors.has(next)) {
    const page = pages.get(next);
    if (!page) break;
    cursors.add(next);
    for (const place of page.places) {
      if (ids.has(place.id)) continue;
      ids.add(place.id);
      places.push(place);
    }
    next = page.next;
  }
  return { places, next, cursors };
}

function placeOf(image: Image, page: string): Place {
  return { id: image.id, ratio: image.width / image.height, at: image.created_at, page, image };
}

function withoutImage({ id, ratio, at, page }: Place): Place {
  return { id, ratio, at, page, image: undefined };
}
