import { useEffect, useRef, useState } from "react";

import { onOfferedFiles } from "@/entities/image/offeredFiles";

import { droppedFiles, meantOf } from "./droppedFiles";

/** Takes files that are chosen, pasted or dropped anywhere, unless the page itself has a use for them. True while some are held above it. */
export function useIncomingFiles(take: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });

  useEffect(() => {
    const stop = new AbortController();
    const listen = <K extends keyof WindowEventMap>(name: K, on: (event: WindowEventMap[K]) => void) =>
      window.addEventListener(name, on, { signal: stop.signal });
    const stopOffers = onOfferedFiles((files) => latest.current(meantOf(files)));
    // A picture of the page that is moved about is a file too, for some browsers.
    let ofThePage = false;
    const isMeant = (event: DragEvent) =>
      !ofThePage && (event.dataTransfer?.types.includes("Files") ?? false);

    listen("dragstart", () => (ofThePage = true));
    listen("dragend", () => (ofThePage = false));
    listen("dragover", (event) => {
      if (!isMeant(event)) return;
      // One file is the page's own, where it has taken it.
      if (event.defaultPrevented && (event.dataTransfer?.items.length ?? 0) < 2) return;
      event.preventDefault();
      setOver(true);
    });
    listen("dragleave", (event) => {
      if (event.relatedTarget === null) setOver(false);
    });
    listen("drop", (event) => {
      setOver(false);
      if (!isMeant(event) || event.defaultPrevented || !event.dataTransfer) return;
      event.preventDefault();
      void droppedFiles(event.dataTransfer).then((files) => latest.current(files));
    });
    listen("paste", (event) => {
      const files = event.defaultPrevented ? [] : pastedPictures(event);
      if (files.length === 0) return;
      event.preventDefault();
      latest.current(files);
    });
    return () => {
      stop.abort();
      stopOffers();
    };
  }, []);
  return over;
}

/** Whoever writes wants the words. */
function pastedPictures({ clipboardData, target }: ClipboardEvent): File[] {
  const writes = target instanceof Element && target.closest("input, textarea, [contenteditable]") !== null;
  if (!clipboardData || writes) return [];
  return [...clipboardData.files].filter(({ type }) => type.startsWith("image/"));
}
