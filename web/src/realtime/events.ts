/**
 * What the server says over the socket, typed from the server's own models. Hints: whoever misses one reads the same facts
 * over HTTP.
 */
import type { ServerEvents } from "./generated";

export type { ServerEvents };
export type ServerEventName = keyof ServerEvents;

/** A handler for each of these events; one that is missing, or hears what is never said, does not compile. */
export type ServerEventHandlers<E extends ServerEventName> = {
  [Name in E]: (payload: ServerEvents[Name]) => void;
};

/** What the connection itself hears; see `hooks.ts`. */
export type ConnectionEvent = Extract<ServerEventName, `auth:${string}` | "system:resync">;
