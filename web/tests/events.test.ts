import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { everyEventIsHeard, rereadWhatEventsChange } from "@/app/serverEvents";
import { imageKeys } from "@/entities/image/queries";
import { jobKeys } from "@/entities/job/queries";
import { modelKeys } from "@/entities/model/queries";
import { announcementsQuery } from "@/entities/studio/announcements";
import { subscriptionKeys } from "@/entities/subscription/queries";
import { userKeys } from "@/entities/user/queries";

test("after events were missed everything is read again that events change, and nothing else", async () => {
  const client = new QueryClient();
  const changed = [
    userKeys.me,
    jobKeys.jobs,
    jobKeys.job("1"),
    imageKeys.imagesOf({ favorite: true }),
    imageKeys.image("1"),
    userKeys.ledger,
    ...Object.values(subscriptionKeys).filter((key) => key !== subscriptionKeys.offers),
    announcementsQuery.queryKey,
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
