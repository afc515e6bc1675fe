/** The gallery and what belongs to it: each at an address below it. */
import { Suspense } from "react";
import { Route, Routes } from "react-router";

import { duplicatesWords } from "@/features/duplicates/words";
import { GalleryPage } from "@/features/gallery/GalleryPage";
import { SavedSearchPage } from "@/features/gallery/SavedSearchPage";
import { tagsWords } from "@/features/tags/words";

import { NotFoundPage } from "./NotFoundPage";
import { page } from "./page";
import { PageSkeleton } from "./PageSkeleton";

const Duplicates = page(
  async () => (await import("@/features/duplicates/DuplicatesPage")).DuplicatesPage,
  duplicatesWords,
);
const Tags = page(async () => (await import("@/features/tags/TagsPage")).TagsPage, tagsWords);

export function GalleryPages() {
  return (
    <Suspense fallback={<PageSkeleton shape="grid" />}>
      <Routes>
        <Route index element={<GalleryPage />} />
        <Route path="duplicates" element={<Duplicates />} />
        <Route path="searches/:id" element={<SavedSearchPage />} />
        <Route path="tags" element={<Tags />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </Suspense>
  );
}
