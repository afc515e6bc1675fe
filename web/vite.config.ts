import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const studio = process.env.PINGVAS_DEV_URL ?? "http://127.0.0.1:8400";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    // No data: URLs, so that the page works under `img-src 'self'; font-src 'self'`.
    assetsInlineLimit: 0,
    // The preload polyfill would be inline code; every browser we target preloads modules by itself.
    modulePreload: { polyfill: false },
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
});
