/**
 * Every primitive in every state, at /kit/ of the development server and in the browser tests. No part of the page that
 * people get: nothing in src/ imports it, and `npm run build` does not know of it (a test looks).
 *
 * The address says what is shown: /kit/?language=ko&theme=light&open=menu
 */
import "@fontsource-variable/instrument-sans/wght.css";
import "@fontsource-variable/noto-sans-kr/wght.css";
import "@/ui/styles/tokens.css";
import "@/ui/styles/base.css";

import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { chooseTheme, type ThemeChoice } from "@/ui/theme";
import { TooltipGroup } from "@/ui/TooltipGroup";
import { UiProvider } from "@/ui/UiProvider";

import { Kit } from "./Kit";
import { startLanguage } from "./language";
import { Opened } from "./Opened";

const asked = new URLSearchParams(window.location.search);
const theme = asked.get("theme");
if (theme) chooseTheme(theme as ThemeChoice);
await startLanguage(asked.get("language"));

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
const open = asked.get("open");
createRoot(root).render(
  <StrictMode>
    <I18nProvider i18n={i18n}>
      <UiProvider>
        <TooltipGroup>{open === null ? <Kit /> : <Opened name={open} />}</TooltipGroup>
      </UiProvider>
    </I18nProvider>
  </StrictMode>,
);
