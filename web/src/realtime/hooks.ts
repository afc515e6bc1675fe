import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";

import { Problem } from "@/api/problem";
import { freshToken, readSession, refresh, signOut } from "@/api/session";

import type { ConnectionEvent, ServerEventHandlers, ServerEventName } from "./events";
import { isConnected, onConnection, onReturn, onServerEvent, openSocket } from "./socket";

/** Every page of the studio is told to read again at the same moment: they ask within this time, not all at once. */
export const RESYNC_WITHIN_MS = 2_000;

/**
 * Keeps the socket open while mounted. After a gap everything shown is read again; when the server says that events were
 * missed, `reread` is what they may have changed.
 */
export function useRealtime(reread: (client: QueryClient) => Promise<void>): void {
  const client = useQueryClient();
  const resync = useRef<number | undefined>(undefined);
  useEffect(() => {
    const close = openSocket();
    const stop = onReturn(() => void client.invalidateQueries());
    return () => {
      window.clearTimeout(resync.current);
      stop();
      close();
    };
  }, [client]);
  useServerEvents<ConnectionEvent>({
    "system:resync": () => {
      window.clearTimeout(resync.current);
      resync.current = window.setTimeout(() => void reread(client), Math.random() * RESYNC_WITHIN_MS);
    },
    "auth:expired": ({ code }) => {
      // Why a device is out, it learns now; otherwise a fresh token opens the next connection.
      const renewed = code === "token_expired" ? freshToken() : refresh();
      renewed.then(
        () => {
          if (code === "account_leaving" && readSession().status === "signed-out") {
            signOut(new Problem({ code, status: 403 }));
          }
        },
        () => undefined,
      );
    },
  });
}

/** Hears these events while mounted. */
export function useServerEvents<E extends ServerEventName>(handlers: ServerEventHandlers<E>): void {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  const names = Object.keys(handlers).join(" ");
  useEffect(() => {
    const stops = (names.split(" ") as E[]).map((name) =>
      onServerEvent(name, (payload) => latest.current[name](payload)),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }, [names]);
}

export function useConnected(): boolean {
  return useSyncExternalStore(onConnection, isConnected);
}
