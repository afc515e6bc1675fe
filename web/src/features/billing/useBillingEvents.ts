import { useQueryClient } from "@tanstack/react-query";

import { setBalance } from "@/api/cache";
import { keys } from "@/api/keys";
import { useServerEvent } from "@/realtime/hooks";

export function useBillingEvents(): void {
  const client = useQueryClient();
  useServerEvent("credits:updated", ({ balance }) => {
    setBalance(client, balance);
    void client.invalidateQueries({ queryKey: keys.ledger });
  });
}
