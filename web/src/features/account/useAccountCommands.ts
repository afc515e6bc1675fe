import { LanguagesIcon, LogOutIcon } from "lucide-react";

import { setLanguage } from "@/i18n/catalogues";
import { LANGUAGES, rememberLanguage, type Language } from "@/i18n/language";
import { useI18n } from "@/i18n/useI18n";
import type { Command } from "@/shortcuts/commands";

import { useSignOut } from "./useSignOut";

/** What the account menu can do, for the command palette. */
export function useAccountCommands(): Command[] {
  const { t, language } = useI18n();
  const { leave } = useSignOut();
  const others = (Object.keys(LANGUAGES) as Language[]).filter((one) => one !== language);
  return [
    ...others.map((one) => ({
      id: `language ${one}`,
      label: `${t("language.label")}: ${LANGUAGES[one]}`,
      icon: LanguagesIcon,
      run: () => {
        rememberLanguage(one);
        void setLanguage(one);
      },
    })),
    { id: "sign out", label: t("account.sign_out"), icon: LogOutIcon, run: leave },
  ];
}
