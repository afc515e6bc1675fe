/** What will most likely be shown is fetched while the studio is still asked who is there. */
import { onSessionChange, readSession } from "@/api/session";

import { FOR_EVERYBODY, SignedIn, SignInPage, SignUpPage } from "./entrances";

/** Whether somebody was signed in here last. Only a guess: the cookie knows, and no script sees that. */
const SIGNED_IN = "pingvas.signed_in";

onSessionChange(() => {
  const { status } = readSession();
  try {
    if (status === "signed-in") localStorage.setItem(SIGNED_IN, "1");
    if (status === "signed-out") localStorage.removeItem(SIGNED_IN);
  } catch {
    // Storage may be forbidden; then nothing is fetched early.
  }
});

export function preloadFor(pathname: string): void {
  if (pathname in FOR_EVERYBODY) return;
  if (wasSignedIn()) SignedIn.preload();
  else if (pathname === "/sign-up") SignUpPage.preload();
  else SignInPage.preload();
}

export function wasSignedIn(): boolean {
  try {
    return localStorage.getItem(SIGNED_IN) !== null;
  } catch {
    return false;
  }
}
