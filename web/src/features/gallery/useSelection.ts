/** Which pictures are chosen, by hand or all that match. */
import { useMemo, useState } from "react";

import type { Place } from "@/entities/image/places";

interface Chosen {
  ids: ReadonlySet<string>;
  /** All that match, those that are not loaded too. */
  all: boolean;
  /** Where a range begins. */
  anchor: string | null;
}

const NONE: Chosen = { ids: new Set(), all: false, anchor: null };

export function useSelection(places: readonly Place[]) {
  const [chosen, setChosen] = useState(NONE);

  return useMemo(() => {
    const idsNow = (before: Chosen) => new Set(before.all ? places.map(({ id }) => id) : before.ids);
    const add = (ids: Iterable<string>, anchor: string | null) =>
      setChosen((before) => ({ ids: new Set([...idsNow(before), ...ids]), all: before.all, anchor }));
    return {
      ids: chosen.ids,
      all: chosen.all,
      /** Whether anything is, so that a press chooses rather than opens. */
      isOn: chosen.all || chosen.ids.size > 0,
      has: (id: string) => chosen.all || chosen.ids.has(id),
      toggle: (id: string) =>
        setChosen((before) => {
          const ids = idsNow(before);
          if (!ids.delete(id)) ids.add(id);
          return { ids, all: false, anchor: id };
        }),
      add: (ids: Iterable<string>) => add(ids, chosen.anchor),
      /** From the one that was chosen last to this one. */
      rangeTo: (id: string, from = chosen.anchor) => {
        const [a, b] = [places.findIndex((place) => place.id === from), places.findIndex((p) => p.id === id)];
        const [first, last] = a < 0 ? [b, b] : [Math.min(a, b), Math.max(a, b)];
        add(
          places.slice(first, last + 1).map((place) => place.id),
          a < 0 ? id : from,
        );
      },
      set: (ids: ReadonlySet<string>) => setChosen((before) => ({ ...before, ids, all: false })),
      selectAll: () => setChosen((before) => ({ ...before, all: true })),
      clear: () => setChosen(NONE),
    };
  }, [chosen, places]);
}

export type Selection = ReturnType<typeof useSelection>;
