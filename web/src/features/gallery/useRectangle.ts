/** A rectangle drawn with the mouse: what it touches is chosen. At the edges of the window the page scrolls along. */
import { useEffect, useRef, useState, type PointerEvent, type RefObject } from "react";

import type { Area } from "@/ui/useGridLayout";

interface Drawing {
  root: RefObject<HTMLElement | null>;
  /** It is drawn: what it touches now, and whether that comes to what is chosen already. */
  onDraw: (area: Area, adds: boolean) => void;
}

/** A hand that presses a button moves the mouse a little. */
const BEGINS_AT = 6;
const EDGE = 48;
const SCROLLED_A_FRAME = 14;

interface Start {
  x: number;
  /** Of the page, which scrolls. */
  y: number;
  adds: boolean;
}

export function useRectangle({ root, onDraw }: Drawing) {
  const [area, setArea] = useState<Area | null>(null);
  const start = useRef<Start | null>(null);
  const latest = useRef(onDraw);
  /** The press that ends a drawing opens nothing. */
  const drawn = useRef(false);
  useEffect(() => {
    latest.current = onDraw;
  });

  useEffect(() => {
    let pointer: { x: number; y: number } | null = null;
    let frame = 0;
    const draw = () => {
      const from = start.current;
      const box = root.current?.getBoundingClientRect();
      if (!from || !pointer || !box) return;
      const [x, y, startY] = [pointer.x, pointer.y, from.y - window.scrollY];
      if (!drawn.current && Math.hypot(x - from.x, y - startY) < BEGINS_AT) return;
      drawn.current = true;
      const next = {
        left: Math.min(x, from.x) - box.left,
        right: Math.max(x, from.x) - box.left,
        top: Math.min(y, startY) - box.top,
        bottom: Math.max(y, startY) - box.top,
      };
      setArea(next);
      latest.current(next, from.adds);
    };
    const scroll = () => {
      if (start.current && pointer && drawn.current) {
        const step =
          pointer.y < EDGE ? -SCROLLED_A_FRAME : pointer.y > window.innerHeight - EDGE ? SCROLLED_A_FRAME : 0;
        if (step !== 0) {
          window.scrollBy(0, step);
          draw();
        }
      }
      frame = start.current ? requestAnimationFrame(scroll) : 0;
    };
    const onMove = (event: globalThis.PointerEvent) => {
      if (!start.current) return;
      pointer = { x: event.clientX, y: event.clientY };
      draw();
      if (frame === 0) frame = requestAnimationFrame(scroll);
    };
    const onEnd = () => {
      start.current = null;
      pointer = null;
      setArea(null);
    };
    window.addEventListener("pointermove", onMove);
    window.addEventListener("pointerup", onEnd);
    window.addEventListener("pointercancel", onEnd);
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener("pointermove", onMove);
      window.removeEventListener("pointerup", onEnd);
      window.removeEventListener("pointercancel", onEnd);
    };
  }, [root]);

  const begin = (event: PointerEvent) => {
    drawn.current = false;
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    const adds = event.shiftKey || event.ctrlKey || event.metaKey;
    start.current = { x: event.clientX, y: event.clientY + window.scrollY, adds };
  };
  return { area, begin, wasDrawn: () => drawn.current };
}
