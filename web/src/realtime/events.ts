/**
 * What the server says over the socket, typed from the server's own models. Hints: whoever misses one reads the same facts
 * over HTTP.
 */
import type { ServerEvents as GeneratedEvents } from "./generated";

/** Until the server's own models name them. */
interface BillingEvents {
  "subscription:updated": { user_id: string };
  /** A fifth of what was given is left, or nothing. */
  "credits:low": { user_id: string; balance: number };
}

export type ServerEvents = GeneratedEvents & BillingEvents;
export type ServerEventName = keyof ServerEvents;

/** A handler for each of these events; one that is missing, or hears what is never said, does not compile. */
export type ServerEventHandlers<E extends ServerEventName> = {
  [Name in E]: (payload: ServerEvents[Name]) => void;
};

/** What the connection itself hears; see `hooks.ts`. */
export type ConnectionEvent = Extract<ServerEventName, `auth:${string}` | "system:resync">;
