/** The one socket of the page: open while somebody is signed in. */
import { io, type Socket } from "socket.io-client";

import { BASE_PATH } from "@/api/basePath";
import { freshToken, refresh } from "@/api/session";

import type { ServerEventHandlers, ServerEventName, ServerEvents } from "./events";

const socket: Socket<ServerEventHandlers<ServerEventName>> = io({
  path: `${BASE_PATH}/ws`,
  transports: ["websocket"],
  autoConnect: false,
  reconnectionDelayMax: 10_000,
  auth: (give) => {
    freshToken().then(
      (token) => give({ token }),
      () => give({ token: null }),
    );
  },
});

/** What is said to a token that lets nobody in any more; who asks for another learns why. */
const REFUSED = new Set(["token_expired", "invalid_token", "account_suspended", "account_leaving"]);

/** Somebody is signed in and wants the connection; without that no late timer may bring it back. */
let wanted = false;
let connected = false;
let everConnected = false;
let refusals = 0;
const listeners = new Set<() => void>();
const onBack = new Set<() => void>();

socket.on("connect", () => {
  refusals = 0;
  setConnected(true);
  if (everConnected) for (const listener of onBack) listener();
  everConnected = true;
});

socket.on("disconnect", (reason) => {
  setConnected(false);
  // The library does not come back by itself when the server hangs up, which it does when a token ends.
  if (reason === "io server disconnect") setTimeout(reconnect, 1000);
});

socket.on("connect_error", (error) => {
  // While it is active the library tries again by itself; it gives up only when the server refused us.
  if (socket.active) return;
  refusals += 1;
  const delay = Math.min(30_000, 500 * 2 ** refusals);
  setTimeout(() => {
    (REFUSED.has(error.message) && wanted ? refresh() : Promise.resolve(null)).then(reconnect, reconnect);
  }, delay);
});

// The library waits longer and longer; whoever is on the net again need not.
window.addEventListener("online", () => {
  if (!wanted || socket.connected) return;
  socket.disconnect();
  socket.connect();
});

/** Connects, and disconnects when the returned function is called. */
export function openSocket(): () => void {
  wanted = true;
  socket.connect();
  return () => {
    wanted = false;
    everConnected = false;
    socket.disconnect();
  };
}

export function isConnected(): boolean {
  return connected;
}

export function onConnection(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls back each time the connection stands again after a gap in which events may have been missed. */
export function onReturn(listener: () => void): () => void {
  onBack.add(listener);
  return () => onBack.delete(listener);
}

export function onServerEvent<E extends ServerEventName>(
  name: E,
  handler: (payload: ServerEvents[E]) => void,
): () => void {
  // The library's overloads do not see that the handler of E is this function.
  const listener = handler as never;
  socket.on(name, listener);
  return () => socket.off(name, listener);
}

function reconnect(): void {
  if (wanted) socket.connect();
}

function setConnected(value: boolean): void {
  connected = value;
  for (const listener of listeners) listener();
}
