/** A finger that stays on a picture for a moment. */
import { useRef, type PointerEvent } from "react";

const LONG_MS = 450;
/** A finger is never still. */
const STILL = 10;

export function useLongPress(onLong: (target: Element) => void) {
  const waiting = useRef<{ timer: number; x: number; y: number } | null>(null);
  /** The press that follows is the end of this one. */
  const held = useRef(false);
  const stop = () => {
    window.clearTimeout(waiting.current?.timer);
    waiting.current = null;
  };
  return {
    begin: (event: PointerEvent) => {
      held.current = false;
      stop();
      if (event.pointerType === "mouse" || !event.isPrimary) return;
      const target = event.target as Element;
      const timer = window.setTimeout(() => {
        held.current = true;
        onLong(target);
      }, LONG_MS);
      waiting.current = { timer, x: event.clientX, y: event.clientY };
    },
    move: ({ clientX, clientY }: PointerEvent) => {
      const { x, y } = waiting.current ?? { x: clientX, y: clientY };
      if (Math.hypot(clientX - x, clientY - y) > STILL) stop();
    },
    end: stop,
    wasHeld: () => held.current,
  };
}
