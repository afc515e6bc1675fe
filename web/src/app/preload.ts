/** What will most likely be shown is fetched while the studio is still asked who is there. */
import { wasSignedIn } from "@/api/signedInHere";

import { SignedIn, SignInPage, SignUpPage } from "./entrances";

export async function preloadFor(pathname: string): Promise<void> {
  if (pathname === "/sign-in/link") return;
  if (wasSignedIn()) await SignedIn.preload();
  else if (pathname === "/sign-up") await SignUpPage.preload();
  else await SignInPage.preload();
}
