import { useSyncExternalStore } from "react";

import { onSessionChange, readSession, type Session } from "@/api/session";

export function useSession(): Session {
  return useSyncExternalStore(onSessionChange, readSession);
}
