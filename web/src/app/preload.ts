/** What will most likely be shown is fetched while the studio is still asked who is there. */
import { wasSignedIn } from "@/api/signedInHere";

import {
  FOR_EVERYBODY,
  PublicCollection,
  PublicExplore,
  PublicPicture,
  SignedIn,
  SignInPage,
  SignUpPage,
} from "./entrances";

export function preloadFor(pathname: string): void {
  if (pathname in FOR_EVERYBODY) return;
  if (pathname.startsWith("/c/")) PublicCollection.preload();
  else if (pathname.startsWith("/i/")) PublicPicture.preload();
  else if (wasSignedIn()) SignedIn.preload();
  else if (pathname === "/explore") PublicExplore.preload();
  else if (pathname === "/sign-up") SignUpPage.preload();
  else SignInPage.preload();
}
