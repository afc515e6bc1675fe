/** Every event that the server sends is heard by somebody; one that nobody hears does not compile here. */
import type { QueryClient } from "@tanstack/react-query";

import { imageKeys } from "@/entities/image/queries";
import { jobKeys } from "@/entities/job/queries";
import type { JobEvent } from "@/entities/job/useJobEvents";
import { announcementKeys, type AnnouncementEvent } from "@/entities/studio/announcements";
import { subscriptionKeys } from "@/entities/subscription/queries";
import type { SubscriptionEvent } from "@/entities/subscription/useSubscriptionEvents";
import { userKeys } from "@/entities/user/queries";
import type { UserEvent } from "@/entities/user/useUserEvents";
import type { ConnectionEvent, ServerEventName } from "@/realtime/events";

type Heard = AnnouncementEvent | ConnectionEvent | JobEvent | SubscriptionEvent | UserEvent;
type Unheard = Exclude<ServerEventName, Heard>;

export const everyEventIsHeard: [Unheard] extends [never] ? true : Unheard = true;

/** What the server's events change. */
const CHANGED = [
  jobKeys.lists,
  jobKeys.all,
  imageKeys.images,
  imageKeys.all,
  imageKeys.dates,
  userKeys.me,
  userKeys.ledger,
  subscriptionKeys.subscription,
  subscriptionKeys.options,
  subscriptionKeys.checkouts,
  announcementKeys.announcements,
] as const;

/** Events were missed: whatever they may have changed is read again, at once where it is shown. */
export async function rereadWhatEventsChange(client: QueryClient): Promise<void> {
  await Promise.all(CHANGED.map((queryKey) => client.invalidateQueries({ queryKey })));
}
