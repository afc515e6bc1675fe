import js from "@eslint/js";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import importX from "eslint-plugin-import-x";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

/** Which rooms of `src/` a room may import from, besides itself. Arrows point one way only. */
const MAY_IMPORT = {
  i18n: [],
  api: [],
  ui: ["api", "i18n"],
  realtime: ["api"],
  features: ["api", "i18n", "ui", "realtime"],
  app: ["api", "i18n", "ui", "realtime", "features"],
};
const FEATURES = ["account", "billing", "create", "gallery", "queue"];

const zones = [
  {
    target: "./src",
    from: "./kit",
    message: "The kit is for development and tests; nothing that people get may need it.",
  },
  ...Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
    target: `./src/${room}`,
    from: "./src",
    except: [room, ...allowed].map((name) => `./${name}`),
    message: `${room}/ may import from: ${allowed.join(", ") || "nothing else"}.`,
  })),
  ...FEATURES.map((feature) => ({
    target: `./src/features/${feature}`,
    from: "./src/features",
    except: [`./${feature}`],
    message: "Features never import each other: share through api/ or ui/, meet in app/.",
  })),
];

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/schema.gen.ts", "src/realtime/events.gen.ts"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  hooks.configs.flat["recommended-latest"],
  a11y.flatConfigs.strict,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver({ project: "./tsconfig.json" })] },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": ["error", { zones }],
      "@typescript-eslint/consistent-type-imports": "error",
      // Numbers read well inside template strings; objects do not.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // An async event handler is normal in React; its errors are handled where they happen.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // Every word a person can read comes from the locale files.
      "no-restricted-syntax": [
        "error",
        { selector: "JSXText[value=/\\p{L}/u]", message: "Put the text into i18n/en.json and ko.json." },
        {
          selector:
            "JSXAttribute[name.name=/^(aria-label|placeholder|title|alt|label)$/] > Literal[value=/\\p{L}/u]",
          message: "Put the text into i18n/en.json and ko.json.",
        },
      ],
    },
  },
  {
    files: ["eslint.config.js", "public/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
  },
);
