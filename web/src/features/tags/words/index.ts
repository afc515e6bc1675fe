import type { Catalogue } from "@/i18n/catalogues";

export const tagsWords: Catalogue = {
  en: () => import("./en.json?lingui"),
  ko: () => import("./ko.json?lingui"),
};
