/** Changes to what the query cache holds of the person who is signed in. */
import type { QueryClient } from "@tanstack/react-query";

import type { Me } from "@/api/types";

import { userKeys } from "./queries";

export function setBalance(client: QueryClient, balance: number): void {
  client.setQueryData<Me>(userKeys.me, (me) => me && { ...me, credits: { ...me.credits, balance } });
}
