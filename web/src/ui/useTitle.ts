/** The title of the window: what is open, then the name of the product. */
import { useEffect } from "react";

const NAME = "Pingvas Studio";

const titles: Record<"page" | "inside", string | null> = { page: null, inside: null };

/** Says what is open while mounted: a page, or something inside of it, which is said instead. null: nothing. */
export function useTitle(text: string | null, what: keyof typeof titles = "page"): void {
  useEffect(() => {
    titles[what] = text;
    show();
    return () => {
      titles[what] = null;
      show();
    };
  }, [text, what]);
}

function show(): void {
  const text = titles.inside ?? titles.page;
  document.title = text === null ? NAME : `${text} · ${NAME}`;
}
