/** The pages below a place that the palette goes to by themselves. */
import {
  ChartColumnIcon,
  ChartLineIcon,
  CopyIcon,
  CreditCardIcon,
  InboxIcon,
  SlidersHorizontalIcon,
  SparklesIcon,
  TagsIcon,
  TicketIcon,
  type LucideIcon,
} from "lucide-react";

import type { Key } from "@/i18n/translate";

import type { Place } from "../places";

interface PageBelow {
  path: string;
  label: Key;
  icon: LucideIcon;
}

const PAGES: readonly PageBelow[] = [
  { path: "/gallery/duplicates", label: "nav.gallery.duplicates", icon: CopyIcon },
  { path: "/gallery/tags", label: "nav.gallery.tags", icon: TagsIcon },
  { path: "/credits/plans", label: "nav.credits.plans", icon: SparklesIcon },
  { path: "/credits/usage", label: "nav.credits.usage", icon: ChartColumnIcon },
  { path: "/admin/subscriptions", label: "nav.admin.subscriptions", icon: CreditCardIcon },
  { path: "/admin/plans", label: "nav.admin.plans", icon: SlidersHorizontalIcon },
  { path: "/admin/codes", label: "nav.admin.codes", icon: TicketIcon },
  { path: "/admin/revenue", label: "nav.admin.revenue", icon: ChartLineIcon },
  { path: "/admin/usage", label: "nav.admin.usage", icon: ChartColumnIcon },
  { path: "/admin/events", label: "nav.admin.events", icon: InboxIcon },
];

export function pagesBelow(place: Pick<Place, "path">): PageBelow[] {
  return PAGES.filter(({ path }) => path.startsWith(`${place.path}/`));
}
