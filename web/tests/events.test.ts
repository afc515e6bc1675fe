/** @vitest-environment node */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { QueryClient } from "@tanstack/react-query";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, test } from "vitest";
import { everyEventIsHeard, rereadWhatEventsChange } from "@/app/serverEvents";
import { imageKeys } from "@/entities/image/queries";
import { jobKeys } from "@/entities/job/queries";
import { modelKeys } from "@/entities/model/queries";
import { userKeys } from "@/entities/user/queries";

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
    userKeys.me,
    jobKeys.jobs,
    jobKeys.job("1"),
    imageKeys.imagesOf({ favorite: true }),
    imageKeys.image("1"),
    userKeys.ledger,
  ];
  const kept = [modelKeys.models, jobKeys.estimate({})];
  for (const queryKey of [...changed, ...kept]) client.setQueryData(queryKey, {});

  await rereadWhatEventsChange(client);

  const stale = (queryKey: readonly unknown[]) => client.getQueryState(queryKey)?.isInvalidated;
  expect(changed.map(stale)).toEqual(changed.map(() => true));
  expect(kept.map(stale)).toEqual(kept.map(() => false));
});

test("every event that the server sends is heard", () => {
  expect(everyEventIsHeard).toBe(true);
});
