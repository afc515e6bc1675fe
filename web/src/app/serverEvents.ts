/** Every event that the server sends is heard by somebody; one that nobody hears does not compile here. */
import type { BillingEvent } from "@/features/billing/useBillingEvents";
import type { QueueEvent } from "@/features/queue/useQueueEvents";
import type { ConnectionEvent, ServerEventName } from "@/realtime/events";

type Unheard = Exclude<ServerEventName, ConnectionEvent | QueueEvent | BillingEvent>;

export const everyEventIsHeard: [Unheard] extends [never] ? true : Unheard = true;
