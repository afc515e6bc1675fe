import { useQueryClient } from "@tanstack/react-query";

import { setBalance } from "@/api/cache";
import { keys } from "@/api/keys";
import type { ServerEventName } from "@/realtime/events";
import { useServerEvents } from "@/realtime/hooks";

export type BillingEvent = Extract<ServerEventName, `credits:${string}`>;

export function useBillingEvents(): void {
  const client = useQueryClient();
  useServerEvents<BillingEvent>({
    "credits:updated": ({ balance }) => {
      setBalance(client, balance);
      void client.invalidateQueries({ queryKey: keys.ledger });
    },
  });
}
