/**
 * What is dear wants a fresh proof of who is there. Whoever calls for it need not know: the call waits while the person is asked, once
 * for all calls that wait, and is then sent again.
 */
type Ask = () => Promise<boolean>;

let ask: Ask | null = null;
let asking: Promise<boolean> | null = null;

/** Says how a person is asked; until the returned function is called. */
export function askForProofBy(way: Ask): () => void {
  ask = way;
  return () => {
    if (ask === way) ask = null;
  };
}

/** Whether the person has proven now who they are. False where they would not, or nobody can ask them. */
export function askForProof(): Promise<boolean> {
  asking ??= (ask?.() ?? Promise.resolve(false)).finally(() => {
    asking = null;
  });
  return asking;
}
