import "@fontsource-variable/instrument-sans/wght.css";
import "@/ui/styles/tokens.css";
import "@/ui/styles/base.css";

import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { startSession } from "@/api/session";
import { App } from "@/app/App";
import { preloadFor } from "@/app/preload";
import { makeQueryClient } from "@/app/queryClient";
import { setLanguage } from "@/i18n/catalogues";
import { preferredLanguage } from "@/i18n/language";
import { baseWords } from "@/i18n/words";
import { UiProvider } from "@/ui/UiProvider";

// Which subset has which signs is a long list, and nothing waits for it: words are drawn without it at first.
void import("@fontsource-variable/noto-sans-kr/wght.css");

const client = makeQueryClient();
// A one-time link brings its own session; asking for the old one meanwhile would only race with it.
if (window.location.pathname !== "/sign-in/link") void startSession();
const words = setLanguage(preferredLanguage(), baseWords);
preloadFor(window.location.pathname);
await words;

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
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
