import { setLanguage } from "@/i18n/catalogues";
import { LANGUAGES, rememberLanguage, type Language } from "@/i18n/language";
import { useI18n } from "@/i18n/useI18n";

import { Segmented } from "./RadioGroup";

const OPTIONS = (Object.keys(LANGUAGES) as Language[]).map((value) => ({ value, label: LANGUAGES[value] }));

export function LanguageSwitch() {
  const { t, language } = useI18n();
  return (
    <Segmented
      label={t("language.label")}
      value={language}
      options={OPTIONS}
      onChange={(choice) => {
        rememberLanguage(choice);
        void setLanguage(choice);
      }}
    />
  );
}
