/** The pages of collections. A picture of one is seen in the gallery's viewer. */
import { Suspense } from "react";
import { Route, Routes } from "react-router";

import { CollectionsPage } from "@/features/collections/CollectionsPage";
import { Viewer } from "@/features/gallery/Viewer";

import { NotFoundPage } from "./NotFoundPage";
import { page } from "./page";
import { PageSkeleton } from "./PageSkeleton";

const One = page(async () => (await import("@/features/collections/CollectionPage")).CollectionPage);

export function CollectionPages() {
  return (
    <Suspense fallback={<PageSkeleton shape="grid" />}>
      <Routes>
        <Route index element={<CollectionsPage />} />
        <Route path=":id" element={<One Viewer={Viewer} />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </Suspense>
  );
}
