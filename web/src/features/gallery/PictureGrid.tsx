/**
 * The pictures in rows of their own proportions, however many there are, with one menu for whichever of them is pointed at. They are chosen
 * by their marks, by Space, by a rectangle, or by a finger that stays.
 */
import {
  useCallback,
  useEffect,
  useRef,
  useState,
  type MouseEvent,
  type RefObject,
  type SyntheticEvent,
} from "react";

import type { Image } from "@/api/types";
import type { Place } from "@/entities/image/places";
import type { useImageActions } from "@/entities/image/useImageActions";
import { useI18n } from "@/i18n/useI18n";
import { ContextMenu } from "@/ui/Menu";
import { useMedia } from "@/ui/useMedia";
import { VirtualGrid, type GridHandle } from "@/ui/VirtualGrid";

import { heightOf, type Density } from "./density";
import styles from "./PictureGrid.module.css";
import { Tile } from "./Tile";
import { useLongPress } from "./useLongPress";
import { useRectangle } from "./useRectangle";
import type { Selection } from "./useSelection";

interface PictureGridProps {
  places: readonly Place[];
  density: Density;
  actions: ReturnType<typeof useImageActions>;
  selection: Selection;
  onOpen: (image: Image) => void;
  onShown: (first: number, last: number) => void;
  onNearEnd: () => void;
  /** A signed address has run out: the list should be read again. */
  onBroken: () => void;
  grid: RefObject<GridHandle | null>;
}

const ratioOf = ({ ratio }: Place) => ratio;

export function PictureGrid(props: PictureGridProps) {
  const { places, density, actions, selection, onOpen, onShown, onNearEnd, onBroken, grid } = props;
  const { t } = useI18n();
  const small = useMedia("(max-width: 40rem)");
  const root = useRef<HTMLDivElement>(null);
  const [pointedId, setPointedId] = useState<string | null>(null);
  // As the list has it now: what the menu does to it shows in the menu.
  const pointed = places.find(({ id }) => id === pointedId)?.image;
  const placeAt = (target: EventTarget | null) => {
    const index = (target as Element | null)?.closest<HTMLElement>("[data-index]")?.dataset.index;
    return index === undefined ? undefined : places[Number(index)];
  };
  const before = useRef<ReadonlySet<string>>(new Set());
  const rectangle = useRectangle({
    root,
    onDraw: (area, adds) => {
      const touched = (grid.current?.within(area) ?? []).flatMap((index) => places[index]?.id ?? []);
      selection.set(new Set([...(adds ? before.current : []), ...touched]));
    },
  });
  const long = useLongPress((target) => {
    const place = placeAt(target);
    if (place) selection.toggle(place.id);
  });
  const point = (event: SyntheticEvent) => {
    // The menu itself is inside for React; pressing it points at nothing else.
    if (!event.currentTarget.contains(event.target as Node)) return true;
    const image = placeAt(event.target)?.image;
    setPointedId(image?.id ?? null);
    return image !== undefined;
  };

  // Tiles are drawn anew only where something of theirs is new: these stay the same.
  const doing = useRef({ onOpen, selection, rectangle, long });
  useEffect(() => {
    doing.current = { onOpen, selection, rectangle, long };
  });
  /** The end of what was drawn or held, whose finger lies on what has appeared below it. */
  const endsAnother = useCallback((event: MouseEvent) => {
    const { rectangle, long } = doing.current;
    return !isByKey(event) && (rectangle.wasDrawn() || long.wasHeld());
  }, []);
  const choose = useCallback(
    (image: Image, event: MouseEvent) => {
      const { selection } = doing.current;
      if (endsAnother(event)) return;
      if (event.shiftKey && selection.isOn) selection.rangeTo(image.id);
      else selection.toggle(image.id);
    },
    [endsAnother],
  );
  const press = useCallback(
    (image: Image, event: MouseEvent) => {
      const { onOpen, selection } = doing.current;
      if (endsAnother(event)) return;
      const held = event.shiftKey || event.ctrlKey || event.metaKey;
      // Enter opens, whatever is chosen.
      if (!isByKey(event) && (selection.isOn || held)) choose(image, event);
      else onOpen(image);
    },
    [choose, endsAnother],
  );

  return (
    // It only looks which picture the menu below is asked for, and what is drawn over them.
    <div
      ref={root}
      className={styles.grid}
      onPointerDownCapture={(event) => {
        point(event);
        before.current = selection.all ? new Set(places.map(({ id }) => id)) : selection.ids;
        // Buttons on a picture are pressed, not drawn from.
        if (!isTool(event.target) && event.currentTarget.contains(event.target as Node))
          rectangle.begin(event);
        long.begin(event);
      }}
      onPointerMoveCapture={long.move}
      onPointerUpCapture={long.end}
      onPointerCancelCapture={long.end}
      // A finger that stays chooses; the menu is the mouse's.
      onTouchStartCapture={(event) => event.stopPropagation()}
      onContextMenuCapture={(event) => {
        const byFinger = (event.nativeEvent as unknown as PointerEvent).pointerType === "touch";
        if (byFinger) event.preventDefault();
        if (byFinger || !point(event)) event.stopPropagation();
      }}
    >
      <ContextMenu entries={pointed ? actions.entriesOf(pointed) : []}>
        <VirtualGrid
          ref={grid}
          label={t("gallery.title")}
          items={places}
          getKey={({ id }) => id}
          proportions={{ height: heightOf(density, small), ratioOf }}
          gap={small ? 3 : 8}
          onShown={onShown}
          onNearEnd={onNearEnd}
          onExtend={(from, to) => {
            const [a, b] = [places[from]?.id, places[to]?.id];
            if (a !== undefined && b !== undefined) selection.rangeTo(b, selection.isOn ? undefined : a);
          }}
          onKeyDown={(event, place) => {
            const mod = event.ctrlKey || event.metaKey;
            if (event.key === " " && !isTool(event.target)) selection.toggle(place.id);
            else if (mod && event.key.toLowerCase() === "a") selection.selectAll();
            else if (!place.image || selection.isOn || !actions.onKey(place.image, event)) return;
            event.preventDefault();
          }}
        >
          {(place, tabIndex) =>
            place.image ? (
              <Tile
                image={place.image}
                tabIndex={tabIndex}
                chosen={selection.has(place.id)}
                choosing={selection.isOn}
                actions={actions}
                onPress={press}
                onChoose={choose}
                onBroken={onBroken}
              />
            ) : (
              <button
                type="button"
                tabIndex={tabIndex}
                className={styles.waiting}
                aria-label={t("gallery.loading")}
              />
            )
          }
        </VirtualGrid>
      </ContextMenu>
      {rectangle.area && <div className={styles.rectangle} style={boxOf(rectangle.area)} />}
    </div>
  );
}

/** A press of a key has no place in the window. */
function isByKey(event: MouseEvent): boolean {
  return event.detail === 0;
}

/** Whether a press belongs to one of the small buttons on a picture. */
function isTool(target: EventTarget): boolean {
  return (target as Element).closest("button:not([data-open])") !== null;
}

function boxOf({ left, top, right, bottom }: { left: number; top: number; right: number; bottom: number }) {
  return { left, top, width: right - left, height: bottom - top };
}
