import { useQueryClient } from "@tanstack/react-query";

import type { ServerEventName } from "@/realtime/events";
import { useServerEvents } from "@/realtime/hooks";

import { setBalance } from "./cache";
import { userKeys } from "./queries";

export type CreditsEvent = Extract<ServerEventName, `credits:${string}`>;
export type UserEvent = CreditsEvent | Extract<ServerEventName, `account:${string}`>;

export function useUserEvents(): void {
  const client = useQueryClient();
  useServerEvents<UserEvent>({
    "account:updated": () => void client.invalidateQueries({ queryKey: userKeys.me }),
    "credits:updated": ({ balance }) => {
      setBalance(client, balance);
      void client.invalidateQueries({ queryKey: userKeys.ledger });
    },
    // Told among the notices.
    "credits:low": ({ balance }) => setBalance(client, balance),
  });
}
