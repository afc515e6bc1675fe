import { useSyncExternalStore } from "react";

/** As in the style sheets: at most this wide is a phone. */
export const PHONE = "(max-width: 40rem)";

/** Whether a media query holds, for what style sheets cannot say. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => window.matchMedia(query).matches,
  );
}
