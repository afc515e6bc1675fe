import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";

import type { ServerEvents } from "./events";
import { isConnected, onConnection, onReturn, onServerEvent, openSocket } from "./socket";

/** Keeps the socket open while mounted; after a gap everything shown is read again. */
export function useRealtime(): void {
  const client = useQueryClient();
  useEffect(() => {
    const close = openSocket();
    const stop = onReturn(() => void client.invalidateQueries());
    return () => {
      stop();
      close();
    };
  }, [client]);
}

export function useServerEvent<E extends keyof ServerEvents>(
  name: E,
  handler: (payload: ServerEvents[E]) => void,
): void {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => onServerEvent(name, (payload) => latest.current(payload)), [name]);
}

export function useConnected(): boolean {
  return useSyncExternalStore(onConnection, isConnected);
}
