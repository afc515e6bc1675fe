/** A picture that is looked at closer by the wheel, two fingers or two presses, and pushed about; a finger's swipe leads to the next one. */
import { useEffect, useRef, type CSSProperties, type PointerEvent } from "react";

import type { Image } from "@/api/types";

import { FIT, panned, STEP, switched, zoomed, type Point, type Sizes, type View } from "./zoom";
import styles from "./Zoomable.module.css";

interface ZoomableProps {
  image: Image;
  title: string;
  view: View;
  onView: (view: View) => void;
  onSwipe?: ((to: "newer" | "older") => void) | undefined;
  onError?: ((address: string) => void) | undefined;
}

const SWIPED = 60;

export function Zoomable({ image, title, view, onView, onSwipe, onError }: ZoomableProps) {
  const room = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLImageElement>(null);
  const fingers = useRef(new Map<number, Point>());
  const swiped = useRef<Point>({ x: 0, y: 0 });
  const sizes = (): Sizes => ({
    room: { width: room.current?.clientWidth ?? 0, height: room.current?.clientHeight ?? 0 },
    picture: { width: picture.current?.offsetWidth ?? 0, height: picture.current?.offsetHeight ?? 0 },
  });
  const fromMiddle = ({ x, y }: Point): Point => {
    const box = room.current?.getBoundingClientRect() ?? new DOMRect();
    return { x: x - box.left - box.width / 2, y: y - box.top - box.height / 2 };
  };

  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015));
    onView(zoomed(view, factor, fromMiddle({ x: event.clientX, y: event.clientY }), sizes()));
  };
  const latest = useRef(onWheel);
  useEffect(() => {
    latest.current = onWheel;
  });
  useEffect(() => {
    const element = room.current;
    const hear = (event: WheelEvent) => latest.current(event);
    // React hears the wheel too late to keep the page still.
    element?.addEventListener("wheel", hear, { passive: false });
    return () => element?.removeEventListener("wheel", hear);
  }, []);

  const onPointerMove = (event: PointerEvent) => {
    const before = fingers.current.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const by = { x: now.x - before.x, y: now.y - before.y };
    const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1];
    fingers.current.set(event.pointerId, now);
    if (other) {
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      const middle = fromMiddle({ x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      onView(panned(zoomed(view, factor, middle, sizes()), { x: by.x / 2, y: by.y / 2 }, sizes()));
    } else if (view.scale > 1) onView(panned(view, by, sizes()));
    else swiped.current = { x: swiped.current.x + by.x, y: swiped.current.y + by.y };
  };
  const onPointerEnd = (event: PointerEvent) => {
    const { x, y } = swiped.current;
    fingers.current.delete(event.pointerId);
    if (fingers.current.size > 0) return;
    swiped.current = { x: 0, y: 0 };
    if (event.type !== "pointerup" || event.pointerType === "mouse") return;
    if (view.scale === 1 && Math.abs(x) > SWIPED && Math.abs(x) > 2 * Math.abs(y))
      onSwipe?.(x > 0 ? "newer" : "older");
  };

  return (
    // Keys do the same: those of the viewer.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      ref={room}
      className={styles.room}
      data-near={view.scale > 1 || undefined}
      onDoubleClick={(event) =>
        onView(switched(view, image.width, fromMiddle({ x: event.clientX, y: event.clientY }), sizes()))
      }
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        if (view.scale > 1) event.currentTarget.setPointerCapture(event.pointerId);
        fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      }}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerEnd}
      onPointerCancel={onPointerEnd}
      onPointerLeave={onPointerEnd}
    >
      <img
        ref={picture}
        key={image.id}
        src={image.file_url}
        alt={title}
        draggable={false}
        data-picture
        className={styles.picture}
        style={
          {
            "--width": image.width,
            "--height": image.height,
            "--before": beforeOf(image),
            transform: view === FIT ? undefined : `translate(${view.x}px, ${view.y}px) scale(${view.scale})`,
          } as CSSProperties
        }
        onLoad={(event) => (event.currentTarget.dataset.shown = "")}
        onError={() => onError?.(image.file_url)}
      />
    </div>
  );
}

/** What is shown until the file has come. */
function beforeOf(image: Image): string | undefined {
  const address = image.thumbnail_large_url ?? image.thumbnail_url;
  return address === null ? undefined : `url("${address.replaceAll('"', "%22")}")`;
}

/** What the keys ask for, from the middle of the picture. */
export function keyView(
  view: View,
  to: "in" | "out" | "switch",
  element: Element | null,
  width: number,
): View {
  const room = element?.querySelector<HTMLElement>(`.${styles.room}`);
  const picture = room?.querySelector<HTMLElement>("[data-picture]");
  if (!room || !picture) return view;
  const sizes = {
    room: { width: room.clientWidth, height: room.clientHeight },
    picture: { width: picture.offsetWidth, height: picture.offsetHeight },
  };
  const middle = { x: 0, y: 0 };
  if (to === "switch") return switched(view, width, middle, sizes);
  return zoomed(view, to === "in" ? STEP : 1 / STEP, middle, sizes);
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
