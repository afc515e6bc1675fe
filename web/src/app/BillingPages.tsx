/** The pages about plan and credits, each loaded when it is first shown. */
import { Suspense } from "react";
import { Route, Routes } from "react-router";

import { CreditsPage } from "@/features/billing/CreditsPage";

import { NotFoundPage } from "./NotFoundPage";
import { page } from "./page";
import { PageSkeleton } from "./PageSkeleton";

const Plans = page(async () => (await import("@/features/billing/PlansPage")).PlansPage);
const Usage = page(async () => (await import("@/features/billing/UsagePage")).UsagePage);

export function BillingPages() {
  return (
    <Suspense fallback={<PageSkeleton shape="table" />}>
      <Routes>
        <Route index element={<CreditsPage />} />
        <Route path="plans" element={<Plans />} />
        <Route path="usage" element={<Usage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </Suspense>
  );
}
