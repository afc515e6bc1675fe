/** Some calls want to know again who is there. Whoever can ask the person registers here; the call is then made again by itself. */
type Ask = () => Promise<boolean>;

let ask: Ask | null = null;
let asking: Promise<boolean> | null = null;

/** `next` asks the person and says whether they proved it. Ends when the returned function is called. */
export function onProofNeeded(next: Ask): () => void {
  ask = next;
  return () => {
    if (ask === next) ask = null;
  };
}

/** Whether the person has proved who they are; asked once for all calls that wait for it. */
export function proven(): Promise<boolean> {
  asking ??= (ask?.() ?? Promise.resolve(false)).finally(() => {
    asking = null;
  });
  return asking;
}
