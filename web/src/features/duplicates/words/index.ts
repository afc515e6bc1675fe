import type { Catalogue } from "@/i18n/catalogues";

export const duplicatesWords: Catalogue = {
  en: () => import("./en.json?lingui"),
  ko: () => import("./ko.json?lingui"),
};
