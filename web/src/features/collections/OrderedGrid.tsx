/** The images of a collection, which go where they are dragged, or where keys and menus send them. */
import { useState, type DragEvent } from "react";

import type { Image } from "@/api/types";
import { chooseCover } from "@/entities/collection/actions/chooseCover";
import { moveEarlier } from "@/entities/collection/actions/moveEarlier";
import { moveLater } from "@/entities/collection/actions/moveLater";
import { moveToFront } from "@/entities/collection/actions/moveToFront";
import { takeOut } from "@/entities/collection/actions/takeOut";
import { arrange } from "@/entities/collection/arrange";
import type { Place } from "@/entities/collection/order";
import type { Placed } from "@/entities/collection/placed";
import { actionOfKey, type RunAction } from "@/entities/action";
import { menuEntry, readyAction } from "@/entities/readyAction";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { useMedia } from "@/ui/useMedia";
import { VirtualGrid } from "@/ui/VirtualGrid";

import { OrderedTile } from "./OrderedTile";

interface OrderedGridProps {
  collection: string;
  images: readonly Image[];
  onOpen: (image: Image) => void;
  onNearEnd: () => void;
  onBroken: () => void;
}

interface Dropping {
  image: string;
  over: string | null;
  side: "before" | "after";
}

const ACTIONS = [moveEarlier, moveLater, moveToFront, chooseCover, takeOut] as const;

/** Whatever is done to an image in its place. */
const doInPlace: RunAction<{ action: RunAction<Placed>; placed: Placed }> = {
  label: "collection.move_to_front",
  icon: moveToFront.icon,
  run: ({ action, placed }, doing) => action.run(placed, doing),
};
const dropImage: RunAction<{ collection: string; image: string; place: Place }> = {
  label: "collection.move_to_front",
  icon: moveToFront.icon,
  run: ({ collection, image, place }, { client }) => arrange(client, collection, image, place),
};

export function OrderedGrid({ collection, images, onOpen, onNearEnd, onBroken }: OrderedGridProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const small = useMedia("(max-width: 40rem)");
  const [dropping, setDropping] = useState<Dropping | null>(null);
  const [said, setSaid] = useState("");
  const doing = useAction(doInPlace);
  const dropped = useAction(dropImage);

  const placedOf = (image: Image): Placed => {
    const index = images.indexOf(image);
    return {
      collection,
      image,
      first: images[0]?.id,
      previous: images[index - 1]?.id,
      next: images[index + 1]?.id,
    };
  };
  const run = (action: RunAction<Placed>, image: Image) => {
    const index = images.indexOf(image);
    const to =
      action === moveEarlier ? index : action === moveLater ? index + 2 : action === moveToFront ? 1 : 0;
    if (to > 0) setSaid(t("collections.moved", { place: to, of: images.length }));
    doing.run({ action, placed: placedOf(image) });
  };
  const over = (event: DragEvent, image: Image) => {
    if (!dropping) return;
    event.preventDefault();
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const side = event.clientX < left + width / 2 ? "before" : "after";
    if (dropping.over !== image.id || dropping.side !== side)
      setDropping({ ...dropping, over: image.id, side });
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setDropping(null);
    if (!dropping?.over || dropping.over === dropping.image) return;
    const { image, side } = dropping;
    const place = side === "before" ? { before: dropping.over } : { after: dropping.over };
    dropped.run({ collection, image, place });
  };

  return (
    // It only hears what its tiles are dragged to; keys and menus do the same.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div onDrop={drop} onDragEnd={() => setDropping(null)}>
      <VirtualGrid
        label={t("collections.images_label")}
        items={images}
        follows
        getKey={({ id }) => id}
        minColumn={small ? 110 : 210}
        gap={small ? 4 : 12}
        onNearEnd={onNearEnd}
        onKeyDown={(event, image) => {
          const action = actionOfKey(ACTIONS, placedOf(image), event);
          if (!action) return;
          event.preventDefault();
          run(action, image);
        }}
      >
        {(image, tabIndex) => (
          <OrderedTile
            image={image}
            tabIndex={tabIndex}
            mark={dropping?.over === image.id && dropping.image !== image.id ? dropping.side : null}
            entries={ACTIONS.flatMap((action) =>
              readyAction(action, placedOf(image), () => run(action, image)),
            ).map((one) => menuEntry(one, i18n))}
            onOpen={() => onOpen(image)}
            onBroken={onBroken}
            onDragStart={() => setDropping({ image: image.id, over: null, side: "before" })}
            onDragOver={(event) => over(event, image)}
          />
        )}
      </VirtualGrid>
      <p className="visually-hidden" role="status">
        {said}
      </p>
    </div>
  );
}
