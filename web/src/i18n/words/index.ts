import type { Catalogue } from "../catalogues";

export const baseWords: Catalogue = {
  en: () => import("./en.json?lingui"),
  ko: () => import("./ko.json?lingui"),
};
