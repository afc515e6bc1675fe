/** The pages of admins, each loaded when it is first shown. */
import { Suspense } from "react";
import { Navigate, Route, Routes } from "react-router";

import type { User } from "@/api/types";

import { NotFoundPage } from "./NotFoundPage";
import { page } from "./page";
import { PageSkeleton } from "./PageSkeleton";

const People = page(async () => (await import("@/features/admin/PeoplePage")).PeoplePage);
const Person = page(async () => (await import("@/features/admin/PersonPage")).PersonPage);
const Reports = page(async () => (await import("@/features/admin/ReportsPage")).ReportsPage);
const Announcements = page(
  async () => (await import("@/features/admin/AnnouncementsPage")).AnnouncementsPage,
);
const Plans = page(async () => (await import("@/features/admin/money/PlansPage")).PlansPage);
const Subscriptions = page(
  async () => (await import("@/features/admin/money/SubscriptionsPage")).SubscriptionsPage,
);
const Events = page(async () => (await import("@/features/admin/money/EventsPage")).EventsPage);
const Revenue = page(async () => (await import("@/features/admin/money/RevenuePage")).RevenuePage);
const Usage = page(async () => (await import("@/features/admin/money/UsagePage")).UsagePage);
const Codes = page(async () => (await import("@/features/admin/money/CodesPage")).CodesPage);
const Audit = page(async () => (await import("@/features/admin/AuditPage")).AuditPage);

export function AdminPages({ user }: { user: User }) {
  return (
    <Suspense fallback={<PageSkeleton shape="table" />}>
      <Routes>
        <Route index element={<Navigate to="/admin/users" replace />} />
        <Route path="users" element={<People />} />
        <Route path="users/:id" element={<Person user={user} />} />
        <Route path="reports" element={<Reports />} />
        <Route path="plans" element={<Plans />} />
        <Route path="subscriptions" element={<Subscriptions />} />
        <Route path="events" element={<Events />} />
        <Route path="revenue" element={<Revenue />} />
        <Route path="usage" element={<Usage />} />
        <Route path="codes" element={<Codes />} />
        <Route path="announcements" element={<Announcements />} />
        <Route path="audit" element={<Audit />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </Suspense>
  );
}
