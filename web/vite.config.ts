import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { lingui } from "@lingui/vite-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { ahead } from "./bundle/ahead.ts";
import { firstFonts } from "./bundle/firstFonts.ts";
import { parts } from "./bundle/parts.ts";

/** The API's human pages (`/api/docs`) load Swagger UI from here, so that nothing comes from third parties. */
const apiDocs = {
  name: "api-docs",
  apply: "build" as const,
  closeBundle() {
    for (const file of ["swagger-ui-bundle.js", "swagger-ui.css"]) {
      cpSync(`node_modules/swagger-ui-dist/${file}`, `dist/api-docs/${file}`);
    }
  },
};

/** Beside each text its compressed copies, made once as small as can be. Over plain HTTP browsers take no Brotli. */
const compressed = {
  name: "compressed",
  apply: "build" as const,
  closeBundle() {
    for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
      if (!/\.(js|css|html|svg)$/.test(name)) continue;
      const content = readFileSync(join("dist", name));
      const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
      const copies = { br: brotliCompressSync(content, { params }), gz: gzipSync(content, { level: 9 }) };
      for (const [kind, copy] of Object.entries(copies)) {
        if (copy.length < content.length) writeFileSync(join("dist", `${name}.${kind}`), copy);
      }
    }
  },
};

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const studio = process.env.PINGVAS_DEV_URL ?? "http://127.0.0.1:8400";

/** Every primitive in every state. The browser tests build it by `--mode kit`; what people get does not have it. */
const kit = { root: path("./kit"), publicDir: path("./public"), outDir: path("./node_modules/.kit") };

const words = lingui({ failOnMissing: true, failOnCompileError: true });

export default defineConfig(({ mode }) => ({
  ...(mode === "kit" && { root: kit.root, publicDir: kit.publicDir }),
  plugins: mode === "kit" ? [react(), words] : [react(), words, firstFonts, ahead, apiDocs, compressed],
  resolve: { alias: { "@": path("./src") } },
  // The studio may lie below a path, which the files do not know: what they need is found beside them. (index.html is told.)
  experimental: {
    renderBuiltUrl: (_, { hostType }) => (hostType === "html" ? undefined : { relative: true }),
  },
  build: {
    ...(mode === "kit" && { outDir: kit.outDir, emptyOutDir: true, chunkSizeWarningLimit: 2000 }),
    target: "es2022",
    // No data: URLs, so that the page works under `img-src 'self'; font-src 'self'`.
    assetsInlineLimit: 0,
    // The preload polyfill would be inline code; every browser we target preloads modules by itself.
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: parts(path(".").replace(/\/$/, "")) } },
    license: { fileName: "licences.md" },
  },
  server: {
    proxy: {
      "/api": studio,
      "/files": studio,
      "/ws": { target: studio, ws: true },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
}));
