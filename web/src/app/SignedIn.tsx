/** The pages of somebody who is signed in. */
import { Navigate, Route, Routes, useSearchParams } from "react-router";

import type { User } from "@/api/types";
import { billingWords } from "@/features/billing/words";
import { createWords } from "@/features/create/words";
import { galleryWords } from "@/features/gallery/words";
import { queueWords } from "@/features/queue/words";

import { AppLayout } from "./AppLayout";
import { NotFoundPage } from "./NotFoundPage";
import { page } from "./page";

const CreatePage = page(async () => (await import("./CreatePage")).CreatePage, createWords, queueWords);
const GalleryPage = page(
  async () => (await import("@/features/gallery/GalleryPage")).GalleryPage,
  galleryWords,
);
const CreditsPage = page(
  async () => (await import("@/features/billing/CreditsPage")).CreditsPage,
  billingWords,
);

export function SignedIn({ user }: { user: User }) {
  return (
    <Routes>
      <Route element={<AppLayout user={user} />}>
        <Route path="/" element={<Navigate to="/create" replace />} />
        <Route path="/create" element={<CreatePage user={user} />} />
        <Route path="/gallery" element={<GalleryPage />} />
        <Route path="/credits" element={<CreditsPage />} />
        <Route path="/sign-in" element={<Onward />} />
        <Route path="/sign-up" element={<Onward />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}

function Onward() {
  const [query] = useSearchParams();
  const next = query.get("next") ?? "/create";
  // Only a place of this site: "//elsewhere" would be another one.
  return <Navigate to={/^\/(?![/\\])/.test(next) ? next : "/create"} replace />;
}
