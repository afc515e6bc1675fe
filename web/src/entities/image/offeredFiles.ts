/** Files that somebody chose to keep, wherever that was: whoever sends them in listens. */
type Take = (files: readonly File[]) => void;

const takers = new Set<Take>();
/** Chosen before anybody listened: the part of the page that does may still be on its way. */
let waiting: File[] = [];

export function offerFiles(files: readonly File[]): void {
  if (takers.size === 0) waiting.push(...files);
  for (const take of takers) take(files);
}

export function onOfferedFiles(take: Take): () => void {
  takers.add(take);
  if (waiting.length > 0) {
    take(waiting);
    waiting = [];
  }
  return () => takers.delete(take);
}
