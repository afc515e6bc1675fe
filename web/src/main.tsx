import "virtual:first-fonts.css";
import "@/ui/styles/tokens.css";
import "@/ui/styles/base.css";

import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { startTransition, StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { BASE_PATH, isBelow, ownPath } from "@/api/basePath";
import { startSession, startSignedOut } from "@/api/session";
import { isWayIn, mayBeSignedIn, wasSignedIn } from "@/api/signedInHere";
import { App } from "@/app/App";
import { drawAnyHangul } from "@/app/hangul";
import { preloadFor } from "@/app/preload";
import { makeQueryClient } from "@/app/queryClient";
import { setLanguage } from "@/i18n/catalogues";
import { preferredLanguage } from "@/i18n/language";
import { baseWords } from "@/i18n/words";
import { UiProvider } from "@/ui/UiProvider";

const client = makeQueryClient();
// Somebody who came by the address of the machine itself goes where everybody else is.
if (!isBelow(window.location.pathname)) {
  const { pathname, search, hash } = window.location;
  window.location.replace(BASE_PATH + pathname + search + hash);
}
const pathname = ownPath(window.location.pathname);
// A one-time link brings its own session; asking for the old one meanwhile would only race with it.
if (pathname !== "/sign-in/link") {
  if (mayBeSignedIn(pathname)) void startSession();
  else startSignedOut();
}
const words = setLanguage(preferredLanguage(), baseWords);
preloadFor(pathname);
// What went wrong elsewhere may be said with any sign.
drawAnyHangul(wasSignedIn() || !isWayIn(pathname) || window.location.search.includes("problem="));
await words;

const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root");
const root = createRoot(place);
// As a transition: drawn in pieces, between which the page can take a key.
startTransition(() => {
  root.render(
    <StrictMode>
      <I18nProvider i18n={i18n}>
        <UiProvider>
          <QueryClientProvider client={client}>
            <App />
          </QueryClientProvider>
        </UiProvider>
      </I18nProvider>
    </StrictMode>,
  );
});
