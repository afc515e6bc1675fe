/** What somebody thinks of pictures that they go through. */
export type Verdict = "kept" | "rejected";
export type Verdicts = ReadonlyMap<string, Verdict>;

/** The same again takes it back. */
export function judged(verdicts: Verdicts, id: string, verdict: Verdict): Verdicts {
  const next = new Map(verdicts);
  if (next.get(id) === verdict) next.delete(id);
  else next.set(id, verdict);
  return next;
}

export function withVerdict(verdicts: Verdicts, verdict: Verdict): string[] {
  return [...verdicts].flatMap(([id, said]) => (said === verdict ? [id] : []));
}
