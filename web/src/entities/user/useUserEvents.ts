import { useQueryClient } from "@tanstack/react-query";

import type { ServerEventName } from "@/realtime/events";
import { useServerEvents } from "@/realtime/hooks";

import { setBalance } from "./cache";
import { userKeys } from "./queries";

export type UserEvent = Extract<ServerEventName, `credits:${string}`>;

export function useUserEvents(): void {
  const client = useQueryClient();
  useServerEvents<UserEvent>({
    "credits:updated": ({ balance }) => {
      setBalance(client, balance);
      void client.invalidateQueries({ queryKey: userKeys.ledger });
    },
    // Told among the notices.
    "credits:low": ({ balance }) => setBalance(client, balance),
  });
}
