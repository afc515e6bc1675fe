/**
 * What this browser remembers of who signed in here. Only a guess: the cookie knows, and no script sees that. Somebody who never was
 * here need not be asked about; whoever may have been is.
 */
const SIGNED_IN = "pingvas.signed_in";
const OURS = "pingvas.";

export function isWayIn(pathname: string): boolean {
  return pathname === "/sign-in" || pathname === "/sign-up";
}

export function rememberSignedIn(signedIn: boolean): void {
  try {
    localStorage.setItem(SIGNED_IN, signedIn ? "1" : "0");
  } catch {
    // Storage may be forbidden; then nothing is fetched early, and the studio is asked each time.
  }
}

/** Whether somebody was signed in here last. */
export function wasSignedIn(): boolean {
  try {
    return localStorage.getItem(SIGNED_IN) === "1";
  } catch {
    return false;
  }
}

/**
 * Whether the studio is to be asked who is there. On the way to a page inside always. On the ways in not after a sign-out, and not
 * where the browser knows nothing of us; an older page kept other things, but not who was signed in.
 */
export function mayBeSignedIn(pathname: string): boolean {
  if (!isWayIn(pathname)) return true;
  try {
    const known = localStorage.getItem(SIGNED_IN);
    if (known !== null) return known === "1";
    return Object.keys(localStorage).some((key) => key.startsWith(OURS));
  } catch {
    return true;
  }
}
