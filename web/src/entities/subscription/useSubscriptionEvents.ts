import { useQueryClient } from "@tanstack/react-query";

import type { ServerEventName } from "@/realtime/events";
import { useServerEvents } from "@/realtime/hooks";

import { rereadSubscription } from "./queries";

export type SubscriptionEvent = Extract<ServerEventName, `subscription:${string}`>;

export function useSubscriptionEvents(): void {
  const client = useQueryClient();
  useServerEvents<SubscriptionEvent>({
    "subscription:updated": () => rereadSubscription(client),
  });
}
