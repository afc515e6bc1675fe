/** The pages of somebody who is signed in. */
import { Suspense, useEffect } from "react";
import { Navigate, Outlet, Route, Routes, useLocation, useSearchParams } from "react-router";

import { ownPath } from "@/api/basePath";
import type { User } from "@/api/types";
import { billingWords } from "@/features/billing/words";
import { useI18n } from "@/i18n/useI18n";
import { useLater } from "@/ui/useLater";
import { useTitle } from "@/ui/useTitle";

import { AppLayout } from "./AppLayout";
import { ErrorBoundary } from "./ErrorBoundary";
import { NotFoundPage } from "./NotFoundPage";
import { page } from "./page";
import { PageSkeleton } from "./PageSkeleton";
import { HOME, placeAt, placesOf, type Place } from "./places";

const ReturnPage = page(async () => (await import("@/features/billing/ReturnPage")).ReturnPage, billingWords);

// The page at this address comes together with the frame, not after it.
placeAt(ownPath(window.location.pathname))?.Page.preload();

export function SignedIn({ user }: { user: User }) {
  return (
    <Routes>
      <Route element={<Frame user={user} />}>
        <Route path="/" element={<Navigate to={HOME} replace />} />
        {placesOf(user).map((place) => (
          <Route
            key={place.path}
            path={place.nested ? `${place.path}/*` : place.path}
            element={<PlacePage place={place} user={user} />}
          />
        ))}
        {["/sign-in", "/sign-up", "/sign-in/done", "/sign-in/second-factor"].map((path) => (
          <Route key={path} path={path} element={<Onward />} />
        ))}
        <Route path="/billing/return" element={<Returned />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}

function Frame({ user }: { user: User }) {
  const { pathname } = useLocation();
  return (
    <AppLayout user={user}>
      {/* A page that breaks leaves the frame where it is, and the next one is not broken for it. */}
      <ErrorBoundary key={pathname}>
        <Outlet />
      </ErrorBoundary>
    </AppLayout>
  );
}

/** Whether a page was shown in the frame already. */
let arrived = false;

function PlacePage({ place: { label, skeleton, Page }, user }: { place: Place; user: User }) {
  const { t } = useI18n();
  useTitle(t(label));
  // The first one comes after the frame.
  const afterTheFrame = useLater(arrived);
  useEffect(() => void (arrived = true), []);
  const shape = <PageSkeleton shape={skeleton} />;
  return <Suspense fallback={shape}>{afterTheFrame ? <Page user={user} /> : shape}</Suspense>;
}

/** Where a payment service sends people back to. */
function Returned() {
  return (
    <Suspense fallback={<PageSkeleton shape="table" />}>
      <ReturnPage />
    </Suspense>
  );
}

function Onward() {
  const [query] = useSearchParams();
  const next = query.get("next") ?? HOME;
  // Only a place of this site: "//elsewhere" would be another one.
  return <Navigate to={/^\/(?![/\\])/.test(next) ? next : HOME} replace />;
}
