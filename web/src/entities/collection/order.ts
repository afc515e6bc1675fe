/** Where an image goes in a collection: directly before or after another one. */
export type Place = { before: string } | { after: string };

/** The list with one of its items at another place. As it was, where either of the two is not in it. */
export function reordered<T extends { id: string }>(items: readonly T[], id: string, place: Place): T[] {
  const moved = items.find((item) => item.id === id);
  const rest = items.filter((item) => item.id !== id);
  const beside = rest.findIndex((item) => item.id === ("before" in place ? place.before : place.after));
  if (!moved || beside < 0) return [...items];
  const at = "before" in place ? beside : beside + 1;
  return [...rest.slice(0, at), moved, ...rest.slice(at)];
}
