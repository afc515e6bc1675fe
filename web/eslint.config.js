import { readdirSync } from "node:fs";

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
  shortcuts: ["i18n"],
  realtime: ["api"],
  entities: ["api", "i18n", "ui", "shortcuts", "realtime"],
  features: ["api", "i18n", "ui", "shortcuts", "realtime", "entities"],
  app: ["api", "i18n", "ui", "shortcuts", "realtime", "entities", "features"],
};
const foldersOf = (path) =>
  readdirSync(new URL(path, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);

const unplaced = foldersOf("src/").filter((room) => !(room in MAY_IMPORT));
if (unplaced.length > 0)
  throw new Error(`Say in eslint.config.js what may be imported by: ${unplaced.join(", ")}`);

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
  ...foldersOf("src/features/").map((feature) => ({
    target: `./src/features/${feature}`,
    from: "./src/features",
    except: [`./${feature}`],
    message: "Features never import each other: share through entities/ or ui/, meet in app/.",
  })),
];

/** What a person can read stands in JSX: as text, or as a string that one of these passes on. */
const WORDS = "Put the text into the catalogues: words/en.json and ko.json beside the code.";
const SAID =
  "label|title|text|alt|placeholder|hint|aside|action|aria-(label|description|placeholder|roledescription|valuetext)";
const untranslated = [
  { selector: "JSXText[value=/\\p{L}/u]", message: WORDS },
  ...["Literal[value=/\\p{L}/u]", "TemplateElement[value.raw=/\\p{L}/u]"].flatMap((text) =>
    ["", "LogicalExpression > ", "ConditionalExpression > ", "TemplateLiteral > "].flatMap((inside) => [
      {
        selector: `:matches(JSXElement, JSXFragment) > JSXExpressionContainer > ${inside}${text}`,
        message: WORDS,
      },
      {
        selector: `JSXAttribute[name.name=/^(${SAID})$/] > JSXExpressionContainer > ${inside}${text}`,
        message: WORDS,
      },
    ]),
  ),
  { selector: `JSXAttribute[name.name=/^(${SAID})$/] > Literal[value=/\\p{L}/u]`, message: WORDS },
  { selector: "CallExpression[callee.name='toast'][arguments.0.type='Literal']", message: WORDS },
];

/** In CSS, `checks/colours.js` looks for the same. */
const COLOUR = "/#[0-9a-f]{3,8}\\b|\\b(rgb|hsl|hwb|lab|lch|oklab|oklch|color)a?\\(/i";
const colours = ["Literal[value=" + COLOUR + "]", "TemplateElement[value.raw=" + COLOUR + "]"].map(
  (selector) => ({
    selector,
    message: "Colours stand in ui/styles/tokens.css; use one by its name.",
  }),
);

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/generated", "src/realtime/generated"] },
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
      "max-lines": ["error", 250],
      "@typescript-eslint/consistent-type-imports": "error",
      // Numbers read well inside template strings; objects do not.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // An async event handler is normal in React; its errors are handled where they happen.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "no-restricted-syntax": ["error", ...untranslated, ...colours],
    },
  },
  {
    files: ["*.config.js", "checks/*.js", "public/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: { ...globals.node, ...globals.browser },
      parserOptions: { projectService: false },
    },
  },
  // A phone paints its own bars, which read no token.
  {
    files: ["src/ui/theme.ts", "public/theme.js"],
    rules: { "no-restricted-syntax": ["error", ...untranslated] },
  },
  // The tests say themselves what the page is to say.
  { files: ["tests/**"], rules: { "no-restricted-syntax": "off" } },
);
