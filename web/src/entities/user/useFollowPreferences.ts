import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { setLanguage } from "@/i18n/catalogues";
import { rememberLanguage } from "@/i18n/language";
import { useI18n } from "@/i18n/useI18n";
import { chooseTheme, useTheme } from "@/ui/theme";

import { useSavePreferences } from "./preferences";
import { meQuery } from "./queries";

/**
 * Language and theme follow the person: what they chose on another device is taken here, and what they choose here is kept for the
 * others. Who never chose has what this browser says.
 */
export function useFollowPreferences(): void {
  const { data } = useQuery(meQuery);
  // Whoever looks through somebody's eyes reads their own language, and changes nothing of theirs.
  const kept = data?.viewed_by_admin === false ? data.profile.preferences : undefined;
  const { save } = useSavePreferences();
  const { language } = useI18n();
  const { choice: theme } = useTheme();

  useEffect(() => {
    if (!kept?.language) return;
    rememberLanguage(kept.language);
    void setLanguage(kept.language);
  }, [kept?.language]);

  useEffect(() => {
    if (kept?.theme) chooseTheme(kept.theme);
  }, [kept?.theme]);

  // Only what changes while the page is open is a choice of this person's.
  const shown = useRef({ language, theme });
  useEffect(() => {
    const before = shown.current;
    shown.current = { language, theme };
    if (!kept) return;
    if (before.language !== language && language !== kept.language) save({ language });
    if (before.theme !== theme && theme !== kept.theme) save({ theme });
  }, [kept, language, theme, save]);
}
