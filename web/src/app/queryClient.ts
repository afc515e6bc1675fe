import { QueryClient } from "@tanstack/react-query";

import { asProblem } from "@/api/problem";
import { onSessionChange, readSession } from "@/api/session";

/** Trying again helps when the studio was away, not when it said no. */
const TRIES = 2;

export function makeQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      // What is pressed offline fails at once: it is not done by itself when nobody waits for it any more.
      mutations: { networkMode: "always" },
      queries: {
        staleTime: 30_000,
        retry: (failures, error) => failures < TRIES && asProblem(error).outcomeUnknown,
      },
    },
  });

  let owner: string | null = null;
  onSessionChange(() => {
    const session = readSession();
    const user = session.status === "signed-in" ? session.user.id : null;
    // What one account has read is not for the next one's eyes.
    if (user !== owner && session.status !== "starting") client.clear();
    owner = user;
  });
  return client;
}
