import type { UserConfig } from "@hey-api/openapi-ts";

/** What `npm run generate` makes: the API's client, and the types of the events that come over the socket. */
export default [
  {
    input: "openapi.json",
    output: { path: "src/api/generated", clean: true },
    plugins: [
      "@hey-api/typescript",
      { name: "@hey-api/client-fetch", runtimeConfigPath: "./src/api/client", throwOnError: true },
      { name: "@hey-api/sdk", responseStyle: "data" },
      "@tanstack/react-query",
    ],
  },
  {
    input: "events.json",
    output: { path: "src/realtime/generated", clean: true },
    plugins: ["@hey-api/typescript"],
  },
] satisfies UserConfig[];
