/** How trouble with the connection is told: calmly. A short gap is none, and what was told is taken back. */
import { useEffect, useState, useSyncExternalStore } from "react";

export type Connection = "fine" | "offline" | "reconnecting" | "back";

/** Shorter gaps are not told. */
export const TOLD_AFTER_MS = 1_500;
/** The first connection may take its time before anybody calls it lost. */
export const FIRST_TOLD_AFTER_MS = 6_000;
/** How long it stays told that the connection is back. */
export const BACK_FOR_MS = 3_000;

/** Whether the device is on a network, as far as the browser knows. */
export function useOnline(): boolean {
  return useSyncExternalStore(onOnline, () => navigator.onLine);
}

/** What is told of how it is now. `connecting`: for the first time. */
export function useTold(now: Exclude<Connection, "back">, connecting = false): Connection {
  const [told, setTold] = useState<Connection>("fine");

  useEffect(() => {
    if (told === now) return;
    if (now !== "fine") {
      // Between two troubles nobody is told that there is none.
      const wait =
        told === "offline" || told === "reconnecting"
          ? 0
          : !connecting || now === "offline"
            ? TOLD_AFTER_MS
            : FIRST_TOLD_AFTER_MS;
      return later(wait, () => setTold(now));
    }
    if (told === "back") return later(BACK_FOR_MS, () => setTold("fine"));
    return later(0, () => setTold("back"));
  }, [now, told, connecting]);

  return told;
}

function later(wait: number, work: () => void): () => void {
  const timer = window.setTimeout(work, wait);
  return () => window.clearTimeout(timer);
}

function onOnline(listener: () => void): () => void {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}
