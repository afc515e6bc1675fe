/** A list of pictures of any length, of which those near the window are held. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import type { Pages } from "@/api/pages";
import type { ImagePage } from "@/api/types";

import { useUnseen } from "./deletions";
import { EMPTY_BOOK, written } from "./places";
import { cursorBefore, imagesQuery, readPage, type Filter, type Way } from "./queries";

/** Near the end the next page is asked for. */
const NEAR = 60;
/** What scrolls by faster than this is not read. */
const SETTLED_MS = 120;

export function useImageList(filter: Filter, way: Way = {}) {
  const client = useQueryClient();
  const options = imagesQuery(filter, way);
  const list = useInfiniteQuery(options);
  const data = list.data as Pages<ImagePage> | undefined;
  const unseen = useUnseen();
  const name = JSON.stringify(options.queryKey);
  const [kept, setKept] = useState({ name, book: EMPTY_BOOK });
  let { book } = kept;
  if (kept.name !== name || book.data !== data) {
    book = written(kept.name === name ? book : EMPTY_BOOK, data);
    setKept({ name, book });
  }
  const places = useMemo(
    () => (unseen.size === 0 ? book.places : book.places.filter(({ id }) => !unseen.has(id))),
    [book.places, unseen],
  );

  const more = () => {
    if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
  };
  /** Reads a page that was let go. */
  const readAgain = (cursor: string) => {
    const params = data?.pageParams ?? [];
    const after = data?.pages.at(-1)?.next_cursor;
    if (cursor === after) return list.fetchNextPage();
    if (params.length > 0 && cursorBefore(params[0]) === cursor) return list.fetchPreviousPage();
    return client
      .query({
        queryKey: ["page", name, cursor],
        queryFn: () => readPage(filter, way, cursor),
        gcTime: 0,
      })
      .then(
        (page) =>
          client.setQueryData<Pages<ImagePage>>(options.queryKey, { pages: [page], pageParams: [cursor] }),
        // The next scrolling tries again.
        () => undefined,
      );
  };
  const look = (first: number, last: number) => {
    const missing = places.slice(first, last + 1).find(({ image }) => !image);
    if (missing) {
      if (!list.isFetching) void readAgain(missing.page);
    } else if (last + NEAR >= places.length) more();
  };

  // The latest one is called, however long the window has been still.
  const latest = useRef(look);
  const waiting = useRef<number>(undefined);
  useEffect(() => {
    latest.current = look;
  });
  useEffect(() => () => window.clearTimeout(waiting.current), []);
  const shown = useRef<readonly [number, number] | null>(null);
  const onShown = useCallback((first: number, last: number) => {
    shown.current = [first, last];
    window.clearTimeout(waiting.current);
    waiting.current = window.setTimeout(() => latest.current(first, last), SETTLED_MS);
  }, []);
  // What was asked for while something else was on its way is asked for then.
  useEffect(() => {
    if (!list.isFetching && !list.isError && shown.current) onShown(...shown.current);
  }, [list.isFetching, list.isError, places, onShown]);

  // Signed addresses run out together; one reading renews them all.
  const lastRead = list.dataUpdatedAt;
  const reread = () => {
    if (Date.now() - lastRead > 10_000) void list.refetch();
  };
  return { list, places, hasMore: book.next !== null, more, onShown, reread };
}
