import { useEffect, useRef, type RefObject } from "react";

/** On a phone the ways to other pages stand in one line, which begins at the one that is open. `open` changes with it. */
export function useOpenTab(open: string): RefObject<HTMLElement | null> {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const tab = nav.current?.querySelector<HTMLElement>("[aria-current=page]");
    if (nav.current && tab) nav.current.scrollLeft = tab.offsetLeft - nav.current.clientWidth / 3;
  }, [open]);
  return nav;
}
