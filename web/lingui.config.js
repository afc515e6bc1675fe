import { defineConfig } from "@lingui/conf";
import { formatter } from "@lingui/format-json";

export default defineConfig({
  // Neither is a translation of the other; `sourceLocale` only says which one types are made from.
  locales: ["en", "ko"],
  sourceLocale: "en",
  catalogs: [
    { path: "<rootDir>/src/i18n/words/{locale}", include: ["src/i18n"] },
    { path: "<rootDir>/src/entities/words/{locale}", include: ["src/entities"] },
    { path: "<rootDir>/src/features/{name}/words/{locale}", include: ["src/features/{name}/"] },
  ],
  format: formatter({ style: "minimal" }),
});
