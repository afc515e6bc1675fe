/** @vitest-environment node */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { QueryClient } from "@tanstack/react-query";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, test } from "vitest";

import { rereadWhatEventsChange } from "@/api/cache";
import { keys } from "@/api/keys";
import { everyEventIsHeard } from "@/app/serverEvents";

const web = resolve(import.meta.dirname, "..");

test.each([
  ["openapi.json", "src/api/schema.gen.ts"],
  ["events.json", "src/realtime/events.gen.ts"],
])(
  "the types made from %s are fresh; otherwise: npm run generate",
  async (source, made) => {
    const fresh = astToString(await openapiTS(readFileSync(resolve(web, source), "utf8")));

    expect(readFileSync(resolve(web, made), "utf8")).toContain(fresh);
  },
  120_000,
);

test("after events were missed everything is read again that events change, and nothing else", async () => {
  const client = new QueryClient();
  const changed = [
    keys.me,
    keys.jobs,
    keys.job("1"),
    keys.imagesOf({ favorite: true }),
    keys.image("1"),
    keys.ledger,
  ];
  const kept = [keys.models, keys.estimate({})];
  for (const queryKey of [...changed, ...kept]) client.setQueryData(queryKey, {});

  await rereadWhatEventsChange(client);

  const stale = (queryKey: readonly unknown[]) => client.getQueryState(queryKey)?.isInvalidated;
  expect(changed.map(stale)).toEqual(changed.map(() => true));
  expect(kept.map(stale)).toEqual(kept.map(() => false));
});

test("every event that the server sends is heard", () => {
  expect(everyEventIsHeard).toBe(true);
});
