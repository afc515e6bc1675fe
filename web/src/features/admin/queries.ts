/** What admins read: people, one of them, reports of pictures, announcements of all times, and the audit log. */
import { infiniteQueryOptions, type QueryClient } from "@tanstack/react-query";

import { listAuditLog, listHiddenImages, listPeople } from "@/api/generated";
import {
  getPersonOptions,
  listAllAnnouncementsOptions,
  listAuditLogInfiniteQueryKey,
  listHiddenImagesInfiniteQueryKey,
  listPeopleInfiniteQueryKey,
  listReportsOptions,
} from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";
import type { Person } from "@/api/types";

export interface PeopleFilter {
  q?: string;
  role?: Person["role"];
  status?: Person["status"];
}

export interface AuditFilter {
  actor_id?: string;
  target_id?: string;
  action?: string;
  since?: string;
  until?: string;
}

export const peopleQuery = (query: PeopleFilter) =>
  infiniteQueryOptions({
    ...followingPages,
    queryKey: listPeopleInfiniteQueryKey({ query }),
    queryFn: ({ pageParam, signal }) => listPeople({ query: { ...query, cursor: pageParam }, signal }),
    placeholderData: (before) => before,
  });

export const personQuery = (id: string) => getPersonOptions({ path: { user_id: id } });

export const auditQuery = (query: AuditFilter) =>
  infiniteQueryOptions({
    ...followingPages,
    queryKey: listAuditLogInfiniteQueryKey({ query }),
    queryFn: ({ pageParam, signal }) => listAuditLog({ query: { ...query, cursor: pageParam }, signal }),
    placeholderData: (before) => before,
  });

export const allAnnouncementsQuery = listAllAnnouncementsOptions();

export const reportsQuery = listReportsOptions();

export const hiddenImagesQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: listHiddenImagesInfiniteQueryKey(),
  queryFn: ({ pageParam, signal }) => listHiddenImages({ query: { cursor: pageParam }, signal }),
});

/** After a deed: whoever it was done to has changed, and the audit log has one entry more. */
export async function rereadAfterDeed(client: QueryClient): Promise<void> {
  const changed = [
    "listPeople",
    "getPerson",
    "listAuditLog",
    "listAllAnnouncements",
    "listReports",
    "listHiddenImages",
  ];
  await client.invalidateQueries({
    predicate: ({ queryKey: [first] }) => changed.includes((first as { _id?: string })._id ?? ""),
  });
}
