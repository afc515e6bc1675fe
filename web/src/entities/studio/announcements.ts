/** What the studio has to say to everybody at this moment, and the news that this has changed. */
import { useQueryClient } from "@tanstack/react-query";

import { listAnnouncementsOptions } from "@/api/generated/@tanstack/react-query.gen";
import type { ServerEventName } from "@/realtime/events";
import { useServerEvents } from "@/realtime/hooks";

export type AnnouncementEvent = Extract<ServerEventName, "system:announcement">;

/** They begin and end by the clock, of which no event tells. */
const AGAIN_MS = 5 * 60_000;

export const announcementsQuery = { ...listAnnouncementsOptions(), refetchInterval: AGAIN_MS };

export const announcementKeys = { announcements: announcementsQuery.queryKey };

export function useAnnouncementEvents(): void {
  const client = useQueryClient();
  useServerEvents<AnnouncementEvent>({
    "system:announcement": () => void client.invalidateQueries({ queryKey: announcementKeys.announcements }),
  });
}
