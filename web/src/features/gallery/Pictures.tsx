/** The pictures of a filter: the grid, what can be done to those that are chosen, and the viewer above them. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState, type ReactNode } from "react";
import { useSearchParams } from "react-router";

import type { ImageMonth } from "@/api/generated";
import type { Image } from "@/api/types";
import type { Place } from "@/entities/image/places";
import { datesQuery, filterOf, type Filter, type Sort } from "@/entities/image/queries";
import { useImageActions } from "@/entities/image/useImageActions";
import { useImageList } from "@/entities/image/useImageList";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Failed, Loading } from "@/ui/States";
import { PHONE, useMedia } from "@/ui/useMedia";
import type { GridHandle } from "@/ui/VirtualGrid";

import { Compare, MOST_COMPARED } from "./Compare";
import { DateRail } from "./DateRail";
import { GridBar, useLayout } from "./GridBar";
import { PictureGrid } from "./PictureGrid";
import styles from "./Pictures.module.css";
import { Review } from "./Review";
import { SelectionBar } from "./SelectionBar";
import { useChangeMany } from "@/entities/image/useChangeMany";
import { useSelection } from "./useSelection";
import { Viewer } from "./Viewer";

/** So many before and after the one that is open are at hand in the viewer. */
const BESIDE = 12;

interface PicturesProps {
  filter: Filter;
  /** Left out: the order of the collection that is asked for. */
  sort: Sort | undefined;
  /** What is shown where nothing matches. */
  nothing: ReactNode;
  /** Whether they are looked through one by one. */
  reviewing: boolean;
  onReview: (on: boolean) => void;
}

export function Pictures({ filter, sort, nothing, reviewing, onReview }: PicturesProps) {
  const { t, month: nameOf } = useI18n();
  const { density } = useLayout();
  const byDate = sort === "newest" || sort === "oldest";
  const [query, setQuery] = useSearchParams();
  const open = query.get("view");
  const from = byDate ? (query.get("from") ?? undefined) : undefined;
  const pictures = useImageList(filter, { sort, from });
  const { list, places, hasMore, more, reread, onShown: look } = pictures;
  const months = useQuery(datesQuery(filter)).data?.items;
  const ordered = useMemo(() => (sort === "oldest" ? months?.toReversed() : months) ?? [], [months, sort]);
  const total = months ? months.reduce((sum, { count }) => sum + count, 0) : null;
  const [top, setTop] = useState(0);
  const onAPhone = useMedia(PHONE);
  const [comparing, setComparing] = useState<readonly Image[] | null>(null);
  const onShown = useCallback(
    (first: number, last: number) => {
      setTop(first);
      look(first, last);
    },
    [look],
  );
  const grid = useRef<GridHandle>(null);
  const actions = useImageActions();
  const selection = useSelection(places);
  const many = useChangeMany();

  const change = (name: "view" | "from", value: string | null, replace: boolean) =>
    setQuery(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === null) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace, preventScrollReset: name === "view" },
    );
  const goTo = (month: ImageMonth) => {
    const index = places.findIndex(({ at }) => at >= month.starts_at && at < month.ends_at);
    if (index >= 0) grid.current?.show(index);
    // What is not read yet begins a list of its own.
    else change("from", sort === "oldest" ? month.starts_at : month.ends_at, false);
  };
  const index = places.findIndex(({ id }) => id === open);
  const removeOpen = (image: Image) => {
    // One that the list does not have, or not yet, has no neighbours there.
    const next = index < 0 ? undefined : (places[index + 1] ?? places[index - 1]);
    change("view", next?.id ?? null, true);
    actions.remove(image);
  };

  if (list.isPending) return <Loading label={t("gallery.loading")} />;
  if (list.isError && places.length === 0)
    return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  const chosen =
    selection.all && total !== null
      ? { filter: filterOf(filter), count: total }
      : { ids: [...selection.ids] };
  const few = !selection.all && selection.ids.size <= MOST_COMPARED;
  const chosenImages = few ? imagesOf(places.filter(({ id }) => selection.ids.has(id))) : [];
  const canCompare = chosenImages.length >= 2;
  return (
    <>
      {from !== undefined && (
        <p className={styles.from}>
          {t(sort === "oldest" ? "gallery.from_on" : "gallery.until", { month: nameOf(dayOf(from, sort)) })}
          <Button small onClick={() => change("from", null, false)}>
            {t("gallery.from_beginning")}
          </Button>
        </p>
      )}
      {places.length === 0 && !hasMore ? (
        nothing
      ) : (
        <>
          {!onAPhone && <GridBar onReview={() => onReview(true)} />}
          <div className={styles.room}>
            <PictureGrid
              places={places}
              density={density}
              actions={actions}
              selection={selection}
              onOpen={(image) => change("view", image.id, false)}
              onShown={onShown}
              onNearEnd={more}
              onBroken={reread}
              grid={grid}
            />
            {byDate && <DateRail months={ordered} at={places[top]?.at} onGo={goTo} />}
          </div>
          {list.isFetchingNextPage && <Loading label={t("gallery.loading")} />}
          {list.isFetchNextPageError && <Failed error={list.error} onRetry={more} />}
        </>
      )}
      {selection.isOn && (
        <SelectionBar
          images={chosen}
          total={from === undefined ? total : null}
          many={many}
          onSelectAll={selection.selectAll}
          onClear={selection.clear}
          onCompare={canCompare ? () => setComparing(chosenImages) : null}
        />
      )}
      {open !== null && (
        <Viewer
          id={open}
          known={places[index]?.image}
          newer={places[index - 1]?.id}
          older={index < 0 ? undefined : places[index + 1]?.id}
          onNearEnd={more}
          remaining={index < 0 ? null : places.length - 1 - index}
          actions={actions}
          onShow={(id) => change("view", id, true)}
          onRemove={removeOpen}
          onBroken={reread}
          onClose={() => change("view", null, true)}
          strip={index < 0 ? [] : imagesOf(places.slice(Math.max(0, index - BESIDE), index + BESIDE + 1))}
        />
      )}
      {comparing && <Compare images={comparing} onClose={() => setComparing(null)} />}
      {reviewing && (
        <Review
          places={places}
          hasMore={hasMore}
          actions={actions}
          onShown={look}
          onBroken={reread}
          busy={many.busy}
          onDelete={(ids, then) => many.change({ ids }, { action: "delete" }, then)}
          onClose={() => onReview(false)}
        />
      )}
    </>
  );
}

function imagesOf(places: readonly Place[]): Image[] {
  return places.flatMap(({ image }) => image ?? []);
}

/** A day of the month that a list begins with: the newest first it ends where the next one begins. */
function dayOf(from: string, sort: Sort | undefined): string {
  const days = sort === "oldest" ? 14 : -14;
  return new Date(Date.parse(from) + days * 86_400_000).toISOString();
}
