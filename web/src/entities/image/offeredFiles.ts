/** Files that somebody chose to keep, wherever that was: whoever sends them in listens. */
type Take = (files: readonly File[]) => void;

const takers = new Set<Take>();

export function offerFiles(files: readonly File[]): void {
  for (const take of takers) take(files);
}

export function onOfferedFiles(take: Take): () => void {
  takers.add(take);
  return () => takers.delete(take);
}
